using System.Globalization;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Boot.Variables;

/// <summary>
/// The boot record as variables, named as boards with RAUC name theirs: <c>BOOT_ORDER</c> ("A B": the slots that may be started, the preferred one first),
/// and of each slot <c>BOOT_A_LEFT</c> (tries, 0 to 7) and <c>BOOT_A_OK</c> ("1" once confirmed, else "0"). docs/spec/boot.md says what a boot script makes of them.
/// </summary>
internal sealed class EnvironmentBootRecords : IBootRecordStore
{
    private const string Order = "BOOT_ORDER";

    private static readonly SlotName[] s_slots = [SlotName.A, SlotName.B];

    private readonly IBootEnvironment _environment;

    /// <summary>Keeps the record among the variables of <paramref name="environment"/>; all others stay as they are.</summary>
    public EnvironmentBootRecords(IBootEnvironment environment) => _environment = environment;

    /// <inheritdoc/>
    public BootRecord? Read() => _environment.Read() is { } variables ? Parse(variables) : null;

    /// <inheritdoc/>
    public void Write(BootRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);

        // The rest of the environment is the bootloader's: where no copy of it is whole there is nothing to put ours into.
        BootVariables variables = _environment.Read() ?? throw new IOException("boot environment: wanted one valid copy, got none");
        variables = variables.With(Order, string.Join(' ', record.ByPriority));
        foreach (SlotName slot in s_slots)
        {
            variables = variables
                .With(Left(slot), record[slot].Tries.ToString(CultureInfo.InvariantCulture))
                .With(Confirmed(slot), record[slot].Successful ? "1" : "0");
        }

        _environment.Write(variables);
    }

    private static BootRecord Parse(BootVariables variables)
    {
        string order = variables.Find(Order) ?? throw new DeviceStateException($"boot environment: wanted {Order}, got none");
        BootRecord record = new(SlotBootState.Unbootable, SlotBootState.Unbootable);
        int priority = SlotBootState.MaxPriority;
        foreach (string name in order.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            // What names no slot is passed over by the boot script as well, and a slot's first place is its place.
            foreach (SlotName slot in s_slots.Where(slot => slot.ToString() == name && record[slot].Priority == 0))
            {
                record = record.With(slot, Parse(variables, slot, priority--));
            }
        }

        return record;
    }

    private static SlotBootState Parse(BootVariables variables, SlotName slot, int priority)
    {
        bool isNumber = int.TryParse(variables.Find(Left(slot)), NumberStyles.None, CultureInfo.InvariantCulture, out int tries);
        return (isNumber, variables.Find(Confirmed(slot))) switch
        {
            (true, "0") => SlotBootState.From(priority, tries, successful: false),
            (true, "1") => SlotBootState.From(priority, tries, successful: true),
            _ => SlotBootState.Unbootable,
        };
    }

    private static string Left(SlotName slot) => $"BOOT_{slot}_LEFT";

    private static string Confirmed(SlotName slot) => $"BOOT_{slot}_OK";
}
