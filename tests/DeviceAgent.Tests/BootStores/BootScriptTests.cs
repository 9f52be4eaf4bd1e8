using Fota.DeviceAgent.Boot;
using Fota.DeviceAgent.Boot.Variables;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests.BootStores;

/// <summary>
/// The sample boot scripts against what the agent takes the boot record for: for every state of two slots the script starts the slots that <see cref="BootRecord.BootOrder"/> names,
/// in that order, and counts a try before it. The scripts run in bash, which reads them as the bootloaders do; the bootloader's commands are functions.
/// </summary>
public sealed class BootScriptTests
{
    private const string UBootCommands = """
        setenv() { name=$1; shift; printf -v "$name" '%s' "$*"; }
        setexpr() { printf -v "$1" '%s' "$(($2 $3 $4))"; }
        saveenv() { [ -z "$unwritable" ] && { printf 'save %s,%s ' "$BOOT_A_LEFT" "$BOOT_B_LEFT"; }; }
        run() { printf 'start %s ' "$fota_slot"; }
        reset() { echo "reset"; }
        """;

    private const string GrubCommands = """
        load_env() { :; }
        save_env() { [ -z "$unwritable" ] && { printf 'save %s,%s ' "$BOOT_A_LEFT" "$BOOT_B_LEFT"; }; }
        search() { :; }
        linux() { printf 'start %s ' "$fota_slot"; false; }
        reboot() { echo "reset"; }
        """;

    private static readonly string[] s_ok = ["0", "1", "2"], s_left = ["0", "1", "3", "7", "8", ""], s_orders = ["A B", "B A", "B", ""];

    [TestCase("u-boot.cmd")]
    [TestCase("grub.cfg")]
    [Proves("B-43")]
    public async Task Script_starts_what_the_record_says_in_its_order(string script)
    {
        string[][] states = [.. from order in s_orders from ok in s_ok from left in s_left from okB in s_ok from leftB in s_left select (string[])[order, ok, left, okB, leftB]];
        string[] lines = await RunAsync(script, states, "");
        Assert.That(lines, Has.Length.EqualTo(states.Length));
        for (int i = 0; i < states.Length; i++)
        {
            Assert.That(lines[i], Is.EqualTo(Expected(script, states[i])), string.Join('|', states[i]));
        }
    }

    [TestCase("u-boot.cmd")]
    [TestCase("grub.cfg")]
    public async Task A39_Try_that_cannot_be_counted_is_not_made(string script)
    {
        string[] lines = await RunAsync(script, [["B A", "1", "0", "0", "3"]], "yes");
        Assert.That(lines, Is.EqualTo(new[] { "start A reset" }));
    }

    [Test]
    public async Task Grub_takes_the_script()
    {
        ProgramRun run = await ProgramRun.OfFileAsync("grub-script-check", null, PathOf("grub.cfg"));
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
    }

    private static string PathOf(string script) => RepositoryRoot.Path("samples", "firmware", "boot", script);

    private static string Expected(string script, string[] state)
    {
        if (state[0].Length == 0)
        {
            // No record (B-14): both slots get a trial. GRUB saves single variables, so all of them first.
            return $"{(script == "grub.cfg" ? "save 3,3 " : "")}save 2,3 start A save 2,2 start B save 2,2 reset";
        }

        BootRecord record = new EnvironmentBootRecords(new Fixed(state)).Read()!;
        Dictionary<SlotName, string> left = new() { [SlotName.A] = state[2], [SlotName.B] = state[4] };
        List<string> said = [];
        foreach (SlotName slot in record.BootOrder)
        {
            if (!record[slot].Successful)
            {
                left[slot] = $"{record[slot].Tries - 1}";
                said.Add($"save {left[SlotName.A]},{left[SlotName.B]}");
            }

            said.Add($"start {slot}");
        }

        if (state[1] == "0" && left[SlotName.A] == "0")
        {
            left[SlotName.A] = "3";
        }

        if (state[3] == "0" && left[SlotName.B] == "0")
        {
            left[SlotName.B] = "3";
        }

        return string.Join(' ', [.. said, $"save {left[SlotName.A]},{left[SlotName.B]}", "reset"]);
    }

    private static async Task<string[]> RunAsync(string script, string[][] states, string unwritable)
    {
        string file = Path.GetTempFileName();
        try
        {
            string commands = script == "grub.cfg" ? GrubCommands : UBootCommands;
            await File.WriteAllTextAsync(file, $"""
                unwritable={unwritable}
                {commands}
                boot_once() {"{"}
                {await File.ReadAllTextAsync(PathOf(script))}
                {"}"}
                while IFS='|' read -r BOOT_ORDER BOOT_A_OK BOOT_A_LEFT BOOT_B_OK BOOT_B_LEFT; do boot_once 2>/dev/null; done
                """);
            ProgramRun run = await ProgramRun.OfFileAsync("bash", null, "-c", $"printf '%s\\n' {string.Join(' ', states.Select(static state => $"'{string.Join('|', state)}'"))} | bash {file}");
            Assert.That(run.ExitCode, Is.Zero, run.Error);
            return run.Output.TrimEnd('\n').Split('\n');
        }
        finally
        {
            File.Delete(file);
        }
    }

    private sealed class Fixed(string[] state) : IBootEnvironment
    {
        public BootVariables Read() => new(
        [
            new("BOOT_ORDER", state[0]), new("BOOT_A_OK", state[1]), new("BOOT_A_LEFT", state[2]), new("BOOT_B_OK", state[3]), new("BOOT_B_LEFT", state[4]),
        ]);

        public void Write(BootVariables variables) => throw new InvalidOperationException();
    }
}
