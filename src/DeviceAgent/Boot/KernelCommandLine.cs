using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Boot;

/// <summary>What a boot script hands over on the kernel's command line: <c>fota.slot=A</c>.</summary>
internal static class KernelCommandLine
{
    private const string Parameter = "fota.slot=";

    /// <summary>The slot that was started.</summary>
    /// <param name="commandLine">The line, as in /proc/cmdline.</param>
    /// <exception cref="DeviceStateException">It names none, another one, or two: then nothing is known of what runs, and nothing may be written.</exception>
    public static SlotName ReadSlot(string commandLine)
    {
        ArgumentNullException.ThrowIfNull(commandLine);
        string[] slots =
        [
            .. commandLine.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
                .Where(static word => word.StartsWith(Parameter, StringComparison.Ordinal))
                .Select(static word => word[Parameter.Length..]),
        ];
        return slots switch
        {
            ["A"] => SlotName.A,
            ["B"] => SlotName.B,
            _ => throw new DeviceStateException($"kernel command line: wanted {Parameter}A or {Parameter}B once, got {(slots.Length == 0 ? "none" : string.Join(", ", slots))}"),
        };
    }
}
