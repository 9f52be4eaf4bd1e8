namespace Fota.Manifest.Reports;

/// <summary>What a device says of itself. Only <see cref="Confirmed"/> counts toward a rollout (promise P9).</summary>
public enum ReportState
{
    /// <summary>Never written.</summary>
    None = 0,

    /// <summary>Nothing is under way; the fields describe the confirmed release.</summary>
    Idle = 1,

    /// <summary>A deployment was accepted and is being fetched and written.</summary>
    Installing = 2,

    /// <summary>The image is proven in its slot and activated; the trial boot comes next.</summary>
    Activated = 3,

    /// <summary>The release booted, passed its health checks and was made permanent.</summary>
    Confirmed = 4,

    /// <summary>The deployment was refused or could not be installed; the running release is untouched.</summary>
    Failed = 5,

    /// <summary>The trial boot was not confirmed and the device went back.</summary>
    RolledBack = 6,

    /// <summary>The deployment waits for a gate of the device: neither success nor failure. It goes on by itself.</summary>
    Deferred = 7,
}
