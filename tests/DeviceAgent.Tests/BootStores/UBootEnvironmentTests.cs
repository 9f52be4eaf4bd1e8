using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Boot.Variables;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Storage;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.BootStores;

/// <summary>The boot record in U-Boot's environment, beside the tools of libubootenv.</summary>
public sealed class UBootEnvironmentTests
{
    private static readonly BootRecord s_staged = new(SlotBootState.Good(14), SlotBootState.Trial(15));
    private static readonly BootRecord s_confirmed = new(SlotBootState.Unbootable, SlotBootState.Good(15));

    private UBootBoard _board = null!;

    [SetUp]
    public async Task SetUp() => _board = await UBootBoard.CreateAsync();

    [TearDown]
    public void TearDown() => _board.Dispose();

    [Test]
    public void Record_is_read_from_what_fw_setenv_wrote() =>
        Assert.That(_board.Records.Read(), Is.EqualTo(new BootRecord(SlotBootState.Good(15), SlotBootState.Unbootable)));

    [Test]
    [Proves("B-30", "B-40")]
    public async Task Record_is_printed_by_fw_printenv()
    {
        _board.Records.Write(s_staged);
        Assert.That(await _board.PrintAllAsync(), Is.SupersetOf((string[])["BOOT_ORDER=B A", "BOOT_A_LEFT=0", "BOOT_A_OK=1", "BOOT_B_LEFT=3", "BOOT_B_OK=0"]));
        Assert.That(_board.Records.Read(), Is.EqualTo(s_staged));
    }

    [Test]
    [Proves("B-42")]
    public async Task Variables_of_others_are_kept()
    {
        string[] before = [.. (await _board.PrintAllAsync()).Where(static line => !line.StartsWith("BOOT_", StringComparison.Ordinal))];
        Assert.That(before, Has.Length.EqualTo(3), "the case at hand: bootcmd, baudrate, ethaddr");
        _board.Records.Write(s_staged);
        Assert.That(await _board.PrintAllAsync(), Is.SupersetOf(before));
    }

    [Test]
    public async Task Both_take_turns_over_the_wrap_of_the_counter()
    {
        for (int round = 0; round < 600; round++)
        {
            BootRecord record = round % 2 == 0 ? s_staged : s_confirmed;
            _board.Records.Write(record);
            Assert.That(_board.Records.Read(), Is.EqualTo(record), $"round {round}");
            if (round % 256 is 0 or >= 250 and <= 255)
            {
                Assert.That(await _board.PrintAsync("BOOT_ORDER"), Is.EqualTo(round % 2 == 0 ? "BOOT_ORDER=B A" : "BOOT_ORDER=B"), $"round {round}");
                await _board.SetAsync("round", $"{round}");
                Assert.That(_board.Environment.Read()!.Find("round"), Is.EqualTo($"{round}"));
            }
        }
    }

    [Test]
    [Proves("B-41")]
    public async Task A40_Write_that_is_torn_anywhere_leaves_the_old_record_or_the_new_one()
    {
        byte[][] before = [.. _board.Copies.Select(File.ReadAllBytes)];
        BootRecord old = _board.Records.Read()!;
        _board.Records.Write(s_staged);
        int copy = File.ReadAllBytes(_board.Copies[0]).AsSpan().SequenceEqual(before[0]) ? 1 : 0;
        byte[] after = File.ReadAllBytes(_board.Copies[copy]);
        int olds = 0, news = 0;
        for (int kept = 0; kept <= after.Length; kept++)
        {
            File.WriteAllBytes(_board.Copies[copy], [.. after[..kept], .. before[copy][kept..]]);
            BootRecord read = _board.Records.Read()!;
            olds += read == old ? 1 : 0;
            news += read == s_staged ? 1 : 0;
            if (kept % 512 == 0)
            {
                Assert.That(await _board.PrintAsync("BOOT_ORDER"), Is.EqualTo(read == old ? "BOOT_ORDER=A" : "BOOT_ORDER=B A"), $"{kept} bytes");
            }
        }

        Assert.That(olds + news, Is.EqualTo(after.Length + 1));
        Assert.That((olds, news), Is.Not.EqualTo((0, 0)).And.Matches<(int Olds, int News)>(static counts => counts is { Olds: > 0, News: > 0 }));
    }

    [Test]
    public void A40_Torn_copy_is_the_one_that_is_written_next()
    {
        _board.Records.Write(s_staged);
        File.WriteAllBytes(_board.Copies[0], new byte[UBootBoard.Size]);
        BootRecord left = _board.Records.Read()!;
        _board.Records.Write(s_confirmed);
        Assert.That(_board.Records.Read(), Is.EqualTo(s_confirmed));
        File.WriteAllBytes(_board.Copies[0], new byte[UBootBoard.Size]);
        Assert.That(_board.Records.Read(), Is.EqualTo(left), "the copy that was whole was not touched");
    }

    [Test]
    public void A37_Environment_without_a_whole_copy_is_none_and_takes_no_write()
    {
        foreach (string copy in _board.Copies)
        {
            File.WriteAllBytes(copy, new byte[UBootBoard.Size]);
        }

        Assert.That(_board.Records.Read(), Is.Null);
        Assert.That(() => _board.Records.Write(s_staged), Throws.TypeOf<IOException>().With.Message.EqualTo("boot environment: wanted one valid copy, got none"));
    }

    [Test]
    public async Task A37_Environment_without_an_order_is_refused()
    {
        await _board.RemoveAsync("BOOT_ORDER");
        Assert.That(() => _board.Records.Read(), Throws.TypeOf<DeviceStateException>().With.Message.EqualTo("boot environment: wanted BOOT_ORDER, got none"));
    }

    [Test]
    public void A39_Copy_that_takes_no_write_says_so_and_leaves_the_record()
    {
        BootRecord before = _board.Records.Read()!;
        int current = File.ReadAllBytes(_board.Copies[0]).AsSpan(5, 8).ToArray().All(static b => b == 0) ? 1 : 0;
        File.Delete(_board.Copies[1 - current]);
        File.CreateSymbolicLink(_board.Copies[1 - current], "/dev/full"); // reads as zeros, and has no room, for root either
        Assert.That(() => _board.Records.Write(s_staged), Throws.InstanceOf<IOException>());
        Assert.That(_board.Records.Read(), Is.EqualTo(before));
    }

    [Test]
    public void A40_Copy_of_which_a_write_failed_is_the_one_that_is_written_again()
    {
        int current = File.ReadAllBytes(_board.Copies[0]).AsSpan(5, 8).ToArray().All(static b => b == 0) ? 1 : 0;
        byte[] whole = File.ReadAllBytes(_board.Copies[current]);
        UBootEnvironmentFile environment = _board.Environment;
        EnvironmentBootRecords records = new(environment);
        File.Delete(_board.Copies[1 - current]);
        File.CreateSymbolicLink(_board.Copies[1 - current], "/dev/full");
        Assert.That(() => records.Write(s_staged), Throws.InstanceOf<IOException>());

        // What the page cache would show of it: all that was written, of which nothing may be on the medium.
        File.Delete(_board.Copies[1 - current]);
        File.WriteAllBytes(_board.Copies[1 - current], whole);
        byte[] newer = File.ReadAllBytes(_board.Copies[1 - current]);
        newer[4]++;
        File.WriteAllBytes(_board.Copies[1 - current], newer);
        records.Write(s_confirmed);
        Assert.That(File.ReadAllBytes(_board.Copies[current]), Is.EqualTo(whole), "the copy that is on the medium for certain was not touched");
        Assert.That(records.Read(), Is.EqualTo(s_confirmed));
    }

    [Test]
    public void A39_Variables_that_do_not_fit_are_refused_and_nothing_changes()
    {
        BootVariables before = _board.Environment.Read()!;
        Assert.That(() => _board.Environment.Write(before.With("bootargs", new string('x', UBootBoard.Size))), Throws.TypeOf<IOException>().With.Message.EqualTo($"boot environment: wanted variables of at most {UBootBoard.Size - 5} bytes, got more"));
        Assert.That(_board.Environment.Read(), Is.EqualTo(before));
    }

    [TestCase("BOOT_A_OK", "2")]
    [TestCase("BOOT_A_OK", "yes")]
    [TestCase("BOOT_A_OK", "")]
    [TestCase("BOOT_A_LEFT", "3", Description = "confirmed, and tries left")]
    [TestCase("BOOT_A_LEFT", "8")]
    [TestCase("BOOT_A_LEFT", "-1")]
    [TestCase("BOOT_A_LEFT", "0x1")]
    [TestCase("BOOT_A_LEFT", "")]
    [Proves("B-10")]
    public async Task Illegal_combination_is_unbootable(string name, string value)
    {
        await _board.SetAsync(name, value);
        Assert.That(_board.Records.Read()!.A, Is.EqualTo(SlotBootState.Unbootable));
    }

    [TestCase("B A B  C", "B,A")]
    [TestCase("A", "A")]
    [TestCase("C", "")]
    public async Task Order_is_read_as_the_boot_script_reads_it(string order, string slots)
    {
        await _board.SetAsync("BOOT_B_OK", "1");
        await _board.SetAsync("BOOT_ORDER", order);
        Assert.That(string.Join(',', _board.Records.Read()!.BootOrder), Is.EqualTo(slots));
    }

    [TestCase("/env 0x0 0x1000\n", "wanted two copies of one size")]
    [TestCase("/env 0x0 0x1000\n/env 0x800 0x1000\n", "wanted two copies of one size")]
    [TestCase("/env.0 0x0 0x1000\n/env.1 0x0 0x2000\n", "wanted two copies of one size")]
    [TestCase("/env.0 0 1000\n/env.1 010 1000\n", "wanted device, offset and size")]
    [TestCase("/env.0 0\n/env.1 0 1000\n", "wanted device, offset and size")]
    [TestCase("/env.0 -1000 1000\n/env.1 0 1000\n", "wanted device, offset and size")]
    [TestCase("/env.0 0 10\n/env.1 0 10\n", "wanted device, offset and size")]
    [TestCase("/dev/mtd0 0 1000\n/dev/mtd1 0 1000\n", "wanted a file or block device")]
    public void Configuration_that_cannot_be_kept_to_is_refused(string text, string wanted)
    {
        File.WriteAllText(_board.Config, text);
        Assert.That(() => FwEnvConfig.Load(_board.Config), Throws.TypeOf<SettingsException>().With.Message.Contains(wanted));
    }

    [Test]
    public void Sizes_are_hexadecimal_as_the_tools_read_them()
    {
        File.WriteAllText(_board.Config, "# two copies on one device\n/dev/mmcblk0 4194304 10000 0x200\n/dev/mmcblk0 0x410000 0x10000\n");
        FwEnvConfig config = FwEnvConfig.Load(_board.Config);
        Assert.That(config.Size, Is.EqualTo(0x10000));
        Assert.That(config.Copies.Select(static copy => copy.Offset), Is.EqualTo(new long[] { 0x400000, 0x410000 }));
    }
}
