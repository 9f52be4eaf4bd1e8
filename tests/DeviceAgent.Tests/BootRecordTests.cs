using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Tests.Simulation;
using Fota.Manifest;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

public sealed class BootRecordTests
{
    private static readonly string[] s_copies = ["boot/record.0", "boot/record.1"];
    private static readonly BootRecord s_first = new(SlotBootState.Good(15), SlotBootState.Unbootable);
    private static readonly BootRecord s_second = new(SlotBootState.Good(14), SlotBootState.Trial(15));
    private static readonly BootRecord s_third = new(SlotBootState.Unbootable, SlotBootState.Good(15));

    private string _folder = "";
    private PoweredStore _store = null!;

    [SetUp]
    public void SetUp()
    {
        _folder = Directory.CreateTempSubdirectory("fota-record-").FullName;
        _store = new PoweredStore(_folder, new PowerSupply());
    }

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, recursive: true);

    [Test]
    [Proves("B-20")]
    public void Newest_record_is_read()
    {
        Write(s_first, s_second, s_third);
        Assert.That(new BootRecordStore(_store).Read(), Is.EqualTo(s_third));
    }

    [Test]
    public void Device_without_a_record_has_none() => Assert.That(new BootRecordStore(_store).Read(), Is.Null);

    [Test]
    public void A40_Torn_newer_copy_leaves_the_decision_to_the_other([Range(0, BootRecord.Size - 1)] int length)
    {
        Write(s_first, s_second);
        Tear(s_copies[1], bytes => bytes[..length]);
        Assert.That(new BootRecordStore(_store).Read(), Is.EqualTo(s_first));
    }

    [Test]
    public void A40_Any_flipped_bit_of_the_newer_copy_leaves_the_decision_to_the_other([Range(0, (8 * BootRecord.Size) - 1)] int bit)
    {
        Write(s_first, s_second);
        Tear(s_copies[1], bytes =>
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            return bytes;
        });
        Assert.That(new BootRecordStore(_store).Read(), Is.EqualTo(s_first));
    }

    [Test]
    public void A40_Copy_that_cannot_be_read_leaves_the_decision_to_the_other([Values(0, 1)] int copy)
    {
        Write(s_first, s_second);
        string path = Path.Combine(_folder, s_copies[copy]);
        File.Delete(path);
        Directory.CreateDirectory(path); // whoever reads it gets an error
        Assert.That(new BootRecordStore(_store).Read(), Is.EqualTo(copy == 0 ? s_second : s_first));
    }

    [Test]
    public void A40_Write_after_a_torn_copy_replaces_the_torn_one()
    {
        Write(s_first, s_second);
        Tear(s_copies[1], static bytes => bytes[..5]);
        Write(s_third);
        Tear(s_copies[1], static bytes => bytes[..5]);
        Assert.That(new BootRecordStore(_store).Read(), Is.EqualTo(s_first), "the copy that was valid was not touched");
    }

    [Test]
    [Proves("B-21")]
    public void Writes_take_turns_so_that_the_newest_copy_is_never_overwritten()
    {
        Write(s_first, s_second);
        byte[] newest = _store.Read(s_copies[1])!;
        Write(s_third);
        Assert.That(_store.Read(s_copies[1]), Is.EqualTo(newest));
    }

    [TestCase(0, 0, true, TestName = "Successful_slot_of_priority_0_is_unbootable")]
    [TestCase(0, 3, false, TestName = "Slot_of_priority_0_with_tries_is_unbootable")]
    [TestCase(15, 1, true, TestName = "Successful_slot_with_tries_is_unbootable")]
    [TestCase(16, 0, true, TestName = "Slot_of_a_priority_above_15_is_unbootable")]
    [TestCase(15, 8, false, TestName = "Slot_with_more_than_7_tries_is_unbootable")]
    [TestCase(-1, 0, true, TestName = "Slot_of_a_negative_priority_is_unbootable")]
    public void Illegal_combination_is_unbootable(int priority, int tries, bool successful) =>
        Assert.That(SlotBootState.From(priority, tries, successful), Is.EqualTo(SlotBootState.Unbootable));

    [Test]
    [Proves("B-11")]
    public void Higher_priority_is_booted_first_and_exhausted_slots_not_at_all()
    {
        Assert.That(s_second.BootOrder, Is.EqualTo(new[] { SlotName.B, SlotName.A }));
        Assert.That(s_second.With(SlotName.B, s_second.B.WithTries(0)).BootOrder, Is.EqualTo(new[] { SlotName.A }));
    }

    private void Write(params BootRecord[] records)
    {
        foreach (BootRecord record in records)
        {
            new BootRecordStore(_store).Write(record);
        }
    }

    private void Tear(string copy, Func<byte[], byte[]> tear)
    {
        string path = Path.Combine(_folder, copy);
        File.WriteAllBytes(path, tear(File.ReadAllBytes(path)));
    }

    [Test]
    [Proves("B-15", "B-22")]
    public void Facts_in_the_form_of_the_specification_are_read_and_others_are_refused()
    {
        string digest = new('a', 64);
        string facts = $$$"""{"slot":"B","trial":true,"release":{"manifest_digest":"{{{digest}}}","sequence":7,"version":"1.2.0","security_version":3}}""";
        _store.Replace("run/booted.json", System.Text.Encoding.UTF8.GetBytes(facts));
        Assert.That(BootFacts.Read(_store), Is.EqualTo(new BootFacts(SlotName.B, Trial: true, new InstalledRelease(Sha256Digest.Parse(digest), new SequenceNumber(7), ReleaseVersion.Parse("1.2.0"), new SecurityVersion(3)))));
        _store.Replace("run/booted.json", System.Text.Encoding.UTF8.GetBytes(facts.Replace("\"B\"", "\"C\"", StringComparison.Ordinal)));
        Assert.That(() => BootFacts.Read(_store), Throws.TypeOf<Storage.DeviceStateException>().With.Message.Contains("slot: wanted a SlotName, got \"C\""));
    }
}
