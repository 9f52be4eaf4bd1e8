using System.Collections.Immutable;
using Fota.Manifest.Keys;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Devices;

/// <summary>The devices that administrators shut out, in memory: asked at each request of a device.</summary>
internal sealed class DeviceRevocations(IRevocationStore store, FreshnessRule rule, TimeProvider time, ILogger<DeviceRevocations> log) : IAccessMemory
{
    private readonly Remembered<ImmutableDictionary<(DeviceId Device, KeyId? Key), DeviceRevocation>> _revocations = new(() => Index(store.Load()), rule);

    /// <summary>All of them, the oldest first.</summary>
    /// <exception cref="StoreUnavailableException">Nobody knows now.</exception>
    public IReadOnlyList<DeviceRevocation> All => [.. _revocations.Current.Values.OrderBy(static r => r.At).ThenBy(static r => r.Device.ToString(), StringComparer.Ordinal)];

    /// <inheritdoc/>
    public string Topic => Topics.Revocations;

    /// <summary>Why a device with this key is shut out; null when it is not.</summary>
    /// <exception cref="StoreUnavailableException">Nobody knows now.</exception>
    public DeviceRevocation? Find(DeviceId device, KeyId key)
    {
        ImmutableDictionary<(DeviceId Device, KeyId? Key), DeviceRevocation> now = _revocations.Current;
        return now.IsEmpty ? null : now.GetValueOrDefault((device, null)) ?? now.GetValueOrDefault((device, key));
    }

    /// <inheritdoc/>
    public void CatchUp() => _revocations.CatchUp();

    /// <inheritdoc/>
    public void Confirm(long number, Moment asked) => _revocations.Confirm(number, asked);

    /// <summary>Shuts a device out, at once. One that is shut out stays so, with the reason of the first time.</summary>
    /// <exception cref="StoreUnavailableException">The store is away; nothing was changed.</exception>
    public DeviceRevocation Revoke(DeviceId device, KeyId? key, string reason, string by)
    {
        DeviceRevocation? shut = null;
        AccessDecision? decision = null;
        _revocations.Change(now =>
        {
            decision = null;
            if (now.TryGetValue((device, key), out shut))
            {
                return null;
            }

            DeviceRevocation revocation = shut = new DeviceRevocation(device, key, reason, by, time.GetUtcNow());
            AccessDecision made = decision = new AccessDecision(revocation.At, by, AccessDecisionKind.DeviceRevoked, device.ToString(), key is null ? reason : $"key {key}: {reason}");
            return new(now.Add((device, key), revocation), known => store.Save(known, revocation, made));
        });
        Tell(decision);
        return shut!;
    }

    /// <summary>Lets a device in again that was shut out by its name. What was said of one of its keys is final: the key may be known to others.</summary>
    /// <returns>False when its name was not shut out.</returns>
    /// <exception cref="StoreUnavailableException">The store is away; nothing was changed.</exception>
    public bool Reinstate(DeviceId device, string by)
    {
        AccessDecision? decision = null;
        _revocations.Change(now =>
        {
            decision = null;
            if (!now.ContainsKey((device, null)))
            {
                return null;
            }

            AccessDecision made = decision = new AccessDecision(time.GetUtcNow(), by, AccessDecisionKind.DeviceReinstated, device.ToString(), "its name is good again");
            return new(now.Remove((device, null)), known => store.Lift(known, device, made));
        });
        Tell(decision);
        return decision is not null;
    }

    private static Known<ImmutableDictionary<(DeviceId Device, KeyId? Key), DeviceRevocation>> Index(RevocationNews news) => new(news.Number, news.Revocations.ToImmutableDictionary(static r => (r.Device, r.Key)));

    private void Tell(AccessDecision? decision)
    {
        if (decision is not null)
        {
            Log.AccessDecided(log, decision.Kind, decision.About, decision.By, decision.Detail);
        }
    }
}
