using Fota.DeviceAgent.Boot;
using Fota.Manifest;

namespace Fota.DeviceAgent.Gates;

/// <summary>An update has to wait. It unwinds as a refusal does, and is none.</summary>
internal sealed class GateClosedException(GatePoint point, InstalledRelease release, ValueList<GateKind> gates, string detail)
    : Exception(detail)
{
    public GatePoint Point { get; } = point;

    public InstalledRelease Release { get; } = release;

    /// <summary>The gates that are closed and were not overridden.</summary>
    public ValueList<GateKind> Gates { get; } = gates;

    /// <summary>As it is reported.</summary>
    public Rejection Rejection { get; } = new(RejectionReason.GateClosed, detail);
}
