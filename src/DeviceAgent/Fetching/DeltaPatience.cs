using Fota.Manifest;

namespace Fota.DeviceAgent.Fetching;

/// <summary>
/// Counts attempts in a row that ended since a delta pack would not come. A network that is down passes, and a bad one brings a little each time; a file that one server
/// cannot read does neither, and must not keep the device from the full pack for ever. Forgotten when the agent starts anew.
/// </summary>
internal sealed class DeltaPatience
{
    /// <summary>So many attempts in a row are made with one pack.</summary>
    public const int MaxAttempts = 3;

    private Sha256Digest? _pack;
    private int _failed;

    /// <summary>Whether the pack is worth another attempt.</summary>
    public bool HasFor(Sha256Digest pack) => pack != _pack || _failed < MaxAttempts;

    /// <summary>An attempt with the pack ended before it had come.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="broughtChunks">Whether it brought the device further.</param>
    public void Failed(Sha256Digest pack, bool broughtChunks)
    {
        _failed = broughtChunks ? 0 : pack == _pack ? _failed + 1 : 1;
        _pack = pack;
    }
}
