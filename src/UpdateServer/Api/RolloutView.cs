using System.Text.Json;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Api;

/// <summary>A rollout, as operators see it.</summary>
internal sealed record RolloutView(
    string Id, string Product, string Version, string Target, string ManifestDigest, string State, string? Stage, IReadOnlyList<StageView> Stages, int AbortAfterFailures, string? Reason)
{
    /// <summary>Who made the plan; empty for one from before that was kept.</summary>
    public required string Author { get; init; }

    /// <summary>What an approval names beside the manifest.</summary>
    public required string PlanDigest { get; init; }

    public required ApprovalView? Approval { get; init; }

    /// <summary>Since when the stage has been good; null while it is not.</summary>
    public required DateTimeOffset? GoodSince { get; init; }

    /// <param name="r">The rollout.</param>
    /// <param name="sees">Of which devices it may speak by name; null for all.</param>
    public static RolloutView Of(RolloutState r, Func<DeviceId, bool>? sees) => new(
        r.Plan.Id,
        r.Plan.Product.ToString(),
        r.Plan.Version.ToString(),
        r.Plan.TargetPath,
        r.Plan.ManifestDigest.ToString(),
        r.Status.ToString().ToLowerInvariant(),
        r.Stage < 0 ? null : r.Plan.Stages[r.Stage].Name,
        [.. StageView.Of(r, sees)],
        r.Plan.AbortAfterFailures,
        r.Reason)
    {
        Author = r.Author,
        PlanDigest = PlanDocument.DigestOf(r.Plan).ToString(),
        Approval = r.Approval is { } a ? new ApprovalView(a.By, a.At) : null,
        GoodSince = r.GoodSince,
    };
}

/// <summary>Who agreed, and when.</summary>
internal sealed record ApprovalView(string By, DateTimeOffset At);

/// <summary>
/// How far a stage came. Granted counts those that were asked and not taken back, whatever came of it. Who failed is named here, as a device's own entry
/// says only what it reported last. Deferred are those that wait for a gate of their own, and why: they count neither as confirmed nor as failed.
/// </summary>
internal sealed record StageView(
    string Name, int? Count, int? Percent, int Members, int Granted, int Confirmed, int Reported, int Failed, int Silent, IReadOnlyList<string> FailedDevices, int Deferred, IReadOnlyList<string> DeferredDevices)
{
    public static IEnumerable<StageView> Of(RolloutState rollout, Func<DeviceId, bool>? sees)
    {
        // In one pass over the members, whatever the number of stages.
        ILookup<int, Member> named = rollout.Members.Values.Where(m => (m.Status == MemberStatus.Failed || m.Deferral is not null) && sees?.Invoke(m.Device) != false).ToLookup(static m => m.Stage);
        return rollout.Plan.Stages.Select((stage, i) => Of(stage, rollout.Tallies[i].Both, named[i]));
    }

    private static StageView Of(StagePlan stage, Tally tally, IEnumerable<Member> named) => new(
        stage.Name,
        stage.Count,
        stage.Percent,
        tally.Members,
        tally.InFlight + tally.Settled,
        tally.Confirmed,
        tally.Reported,
        tally.Failed,
        tally.Silent,
        [.. named.Where(static m => m.Status == MemberStatus.Failed).Select(static m => m.Device.ToString()).Order(StringComparer.Ordinal)],
        tally.Deferred,
        [.. named.Where(static m => m.Deferral is not null).Select(static m => $"{m.Device}: {m.Deferral}").Order(StringComparer.Ordinal)]);
}

/// <summary>A decision, as operators and auditors see it.</summary>
internal sealed record DecisionView(DateTimeOffset At, string Decision, string By, int Stage, string Why, JsonElement Figures)
{
    public static DecisionView Of(StoredDecision d) => new(d.At, JsonNamingPolicy.SnakeCaseLower.ConvertName(d.Kind), d.By, d.Stage, d.Why, d.Figures);
}
