using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Tests.Rollouts;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>Things to store.</summary>
internal static class SampleFleet
{
    public static readonly KeyId Key = new(Sha256Digest.Of("key"u8));

    public static readonly DateTimeOffset Noon = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    public static DeviceRecord Record(string device, long ordinal = 1) => new()
    {
        Device = DeviceId.Parse(device),
        Product = ProductName.Parse(RepositorySimulator.ProductName),
        Key = Key,
        Version = ReleaseVersion.Parse("1.0.0"),
        Slot = 1,
        Floor = new SecurityVersion(uint.MaxValue),
        State = ReportState.Idle,
        ManifestDigest = EngineWorld.Before,
        ConfirmedDigest = EngineWorld.Before,
        Deployment = null,
        Reason = RejectionReason.None,
        Detail = null,
        Ordinal = ordinal,
        Nonce = new byte[] { 0, 1, 0xff },
        LastSeen = Noon,
    };

    public static FleetChange Change(DeviceRecord? device = null, byte[]? evidence = null, params RolloutStep[] steps) => new(device, evidence, steps);

    /// <summary>What ann publishes.</summary>
    public static Publishing Ann { get; } = new(Noon, "ann");

    /// <summary>That ann says something of a device.</summary>
    public static DeviceDescription Said(DeviceTraits traits) => new(Noon, "ann", null, traits);

    /// <summary>Makes a change of what is known, whatever that is.</summary>
    public static long Put(this IFleetStore store, FleetChange change) => store.Change(store.Load().Number, _ => change);

    /// <summary>Everything, put together.</summary>
    public static FleetReplica Read(this IFleetStore store) => FleetReplica.Empty.With(store.Load());

    /// <summary>What two replicas have to agree in, to be compared.</summary>
    public static string Describe(this RolloutState r) => string.Join('\n',
    [
        $"{r.Plan.Id} {PlanDocument.DigestOf(r.Plan)} {Convert.ToHexString(r.Plan.Key.Span)} {r.Status} {r.Stage} {r.Reason} {r.Author} {r.Approval} {r.Clock:O} {r.RampSince:O} {r.GoodSince:O} {r.EvaluatedAt:O} {r.Stalled}",
        .. r.Members.Values.OrderBy(static m => m.Device.ToString(), StringComparer.Ordinal).Select(static m => $"{m with { Ordinal = 0 }}"),
        .. r.Tallies.Select(static t => $"{t}"),
        .. r.Deadlines.Select(static d => $"{d}"),
        $"{r.RecentGrants.At(r.Clock).Count}",
    ]);

    /// <summary>Records hold their nonces by reference.</summary>
    public static string Describe(this DeviceRecord d) => $"{d with { Nonce = default }} {Convert.ToHexString(d.Nonce.Span)}";
}
