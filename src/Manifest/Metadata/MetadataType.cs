namespace Fota.Manifest.Metadata;

/// <summary>The four types of TUF metadata; delegated roles are of type targets.</summary>
public enum MetadataType
{
    /// <summary>Nothing was read.</summary>
    None = 0,

    /// <summary>Which keys speak for which top-level role.</summary>
    Root,

    /// <summary>Which snapshot is the newest; signed often, expires soon.</summary>
    Timestamp,

    /// <summary>Which versions of the targets metadata belong together.</summary>
    Snapshot,

    /// <summary>Which target files there are, and who else may say so.</summary>
    Targets,
}
