using Fota.Manifest;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// Counts attempts that ended since a delta pack would not come. A network that is down passes; a file that one server cannot read does not, and must not keep the
/// device from the full pack for ever. Forgotten when the agent starts anew.
/// </summary>
internal sealed class DeltaPatience
{
    /// <summary>So many attempts are made with one pack.</summary>
    public const int MaxAttempts = 3;

    private Sha256Digest? _pack;
    private int _failed;

    /// <summary>Whether the pack is worth another attempt.</summary>
    public bool HasFor(Sha256Digest pack) => pack != _pack || _failed < MaxAttempts;

    /// <summary>An attempt with the pack ended before it had come.</summary>
    public void Failed(Sha256Digest pack)
    {
        _failed = pack == _pack ? _failed + 1 : 1;
        _pack = pack;
    }
}
