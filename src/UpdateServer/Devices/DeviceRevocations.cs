using System.Collections.Immutable;
using Fota.Manifest.Keys;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Devices;

/// <summary>The devices that administrators shut out, in memory: asked at each connection.</summary>
internal sealed class DeviceRevocations(IRevocationStore store, TimeProvider time, ILogger<DeviceRevocations> log) : ISharedMemory
{
    private readonly Lock _gate = new();

    private volatile ImmutableDictionary<(DeviceId Device, KeyId? Key), DeviceRevocation> _now = Index(store.Load());

    /// <summary>All of them, the oldest first.</summary>
    public IReadOnlyList<DeviceRevocation> All => [.. _now.Values.OrderBy(static r => r.At).ThenBy(static r => r.Device.ToString(), StringComparer.Ordinal)];

    /// <summary>Why a device with this key is shut out; null when it is not.</summary>
    public DeviceRevocation? Find(DeviceId device, KeyId key)
    {
        ImmutableDictionary<(DeviceId Device, KeyId? Key), DeviceRevocation> now = _now;
        return now.IsEmpty ? null : now.GetValueOrDefault((device, null)) ?? now.GetValueOrDefault((device, key));
    }

    /// <inheritdoc/>
    public string Topic => Topics.Revocations;

    /// <inheritdoc/>
    public void CatchUp()
    {
        lock (_gate)
        {
            _now = Index(store.Load());
        }
    }

    /// <summary>Shuts a device out, at once. One that is shut out stays so, with the reason of the first time.</summary>
    public DeviceRevocation Revoke(DeviceId device, KeyId? key, string reason, string by)
    {
        lock (_gate)
        {
            if (_now.TryGetValue((device, key), out DeviceRevocation? before))
            {
                return before;
            }

            DeviceRevocation revocation = new(device, key, reason, by, time.GetUtcNow());
            AccessDecision decision = new(revocation.At, by, AccessDecisionKind.DeviceRevoked, device.ToString(), key is null ? reason : $"key {key}: {reason}");
            store.Save(revocation, decision);
            _now = _now.Add((device, key), revocation);
            Log.AccessDecided(log, decision.Kind, decision.About, by, decision.Detail);
            return revocation;
        }
    }

    /// <summary>Lets a device in again that was shut out by its name. What was said of one of its keys is final: the key may be known to others.</summary>
    /// <returns>False when its name was not shut out.</returns>
    public bool Reinstate(DeviceId device, string by)
    {
        lock (_gate)
        {
            if (!_now.ContainsKey((device, null)))
            {
                return false;
            }

            AccessDecision decision = new(time.GetUtcNow(), by, AccessDecisionKind.DeviceReinstated, device.ToString(), "its name is good again");
            store.Lift(device, decision);
            _now = _now.Remove((device, null));
            Log.AccessDecided(log, decision.Kind, decision.About, by, decision.Detail);
            return true;
        }
    }

    private static ImmutableDictionary<(DeviceId Device, KeyId? Key), DeviceRevocation> Index(IEnumerable<DeviceRevocation> revocations) =>
        revocations.ToImmutableDictionary(static r => (r.Device, r.Key));
}
