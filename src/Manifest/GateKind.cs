namespace Fota.Manifest;

/// <summary>What a device can be asked before it goes on with an update (docs/spec/gates.md). The numbers are stable: they stand in manifests.</summary>
public enum GateKind
{
    /// <summary>Never written.</summary>
    None = 0,

    /// <summary>Whether battery or mains will last.</summary>
    Power = 1,

    /// <summary>Whether the device is in use on a patient, or by whoever else relies upon it.</summary>
    ClinicalUse = 2,

    /// <summary>Whether it is the time for it.</summary>
    MaintenanceWindow = 3,

    /// <summary>Whether the operator has agreed to this very release.</summary>
    Consent = 4,

    /// <summary>Whether a program of the product's own says so.</summary>
    Command = 5,
}

/// <summary>The names of gate kinds, in settings, options and logs.</summary>
public static class GateKinds
{
    private static readonly (GateKind Kind, string Name)[] s_names =
    [
        (GateKind.Power, "power"), (GateKind.ClinicalUse, "clinical-use"), (GateKind.MaintenanceWindow, "maintenance-window"), (GateKind.Consent, "consent"), (GateKind.Command, "command"),
    ];

    /// <summary>Every kind, in the order of the numbers.</summary>
    public static IReadOnlyList<GateKind> All { get; } = [.. s_names.Select(static known => known.Kind)];

    /// <summary>The kind's name, for example "clinical-use".</summary>
    public static string Name(this GateKind kind) => Array.Find(s_names, known => known.Kind == kind).Name ?? throw new ArgumentOutOfRangeException(nameof(kind));

    /// <summary>Reads a name.</summary>
    public static bool TryParse(string? text, out GateKind kind)
    {
        kind = Array.Find(s_names, known => known.Name == text).Kind;
        return kind != GateKind.None;
    }
}
