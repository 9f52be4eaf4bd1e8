namespace Fota.Signer.Home;

/// <summary>The policy of a role: labels of its keys, how many of them sign, and how long what they sign is good for.</summary>
internal sealed record RoleSettings(IReadOnlyList<string> Keys, int Threshold, int ExpiresDays)
{
    /// <summary>Whether the same keys sign, and as many of them.</summary>
    public bool SpeaksLike(RoleSettings other) => Threshold == other.Threshold && Keys.Order(StringComparer.Ordinal).SequenceEqual(other.Keys.Order(StringComparer.Ordinal), StringComparer.Ordinal);
}

/// <summary>The four top-level roles of TUF.</summary>
internal sealed record RolesSettings(RoleSettings Root, RoleSettings Targets, RoleSettings Snapshot, RoleSettings Timestamp)
{
    public const string RootName = "root", TargetsName = "targets", SnapshotName = "snapshot", TimestampName = "timestamp";

    public static IReadOnlyList<string> Names { get; } = [RootName, TargetsName, SnapshotName, TimestampName];

    /// <summary>The role of this name; null if it is none of the four.</summary>
    public RoleSettings? Find(string name) => name switch
    {
        RootName => Root,
        TargetsName => Targets,
        SnapshotName => Snapshot,
        TimestampName => Timestamp,
        _ => null,
    };

    /// <summary>With another policy for one of the four.</summary>
    public RolesSettings With(string name, RoleSettings role) => name switch
    {
        RootName => this with { Root = role },
        TargetsName => this with { Targets = role },
        SnapshotName => this with { Snapshot = role },
        _ => this with { Timestamp = role },
    };
}
