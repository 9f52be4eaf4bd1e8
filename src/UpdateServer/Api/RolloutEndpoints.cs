using System.Security.Claims;
using Fota.Manifest;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Rollouts;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>Rollouts, for operators.</summary>
internal static class RolloutEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/rollouts", (RolloutCoordinator coordinator) => coordinator.Rollouts.Select(RolloutView.Of));
        api.MapGet("/rollouts/{id}", (string id, RolloutCoordinator coordinator) => Show(coordinator.Find(id)));
        api.MapPost("/rollouts", CreateAsync);
        api.MapPost("/rollouts/{id}/start", StartAsync);
        api.MapPost("/rollouts/{id}/pause", (string id, ClaimsPrincipal user, RolloutCoordinator coordinator) => Command(id, now => new RolloutEvent.Paused(now, NameOf(user)), coordinator));
        api.MapPost("/rollouts/{id}/resume", (string id, ClaimsPrincipal user, RolloutCoordinator coordinator) => Command(id, now => new RolloutEvent.Resumed(now, NameOf(user)), coordinator));
        api.MapPost("/rollouts/{id}/abort", (string id, ClaimsPrincipal user, RolloutCoordinator coordinator) => Command(id, now => new RolloutEvent.Aborted(now, NameOf(user), "an operator aborted it"), coordinator));
    }

    private static async Task<Results<Created<RolloutView>, ProblemHttpResult>> CreateAsync(RolloutRequest request, ClaimsPrincipal user, RolloutCoordinator coordinator, DeltaSchedule deltas)
    {
        try
        {
            RolloutView view = RolloutView.Of(coordinator.Create(request.ToDocument(), NameOf(user)));
            await deltas.RunSoonAsync();
            return TypedResults.Created($"/api/v1/rollouts/{view.Id}", view);
        }
        catch (RejectedException e)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, e.Rejection.Reason.ToString(), e.Rejection.Detail);
        }
        catch (RolloutRefusedException e)
        {
            return Problems.Of(StatusCodes.Status422UnprocessableEntity, e.Reason, e.Message);
        }
    }

    private static async Task<Results<Ok<RolloutView>, ProblemHttpResult>> StartAsync(string id, ClaimsPrincipal user, RolloutCoordinator coordinator, DeltaSchedule deltas)
    {
        Results<Ok<RolloutView>, ProblemHttpResult> answer = Command(id, now => new RolloutEvent.Started(now, NameOf(user)), coordinator);
        await deltas.RunSoonAsync();
        return answer;
    }

    private static Results<Ok<RolloutView>, ProblemHttpResult> Command(string id, Func<DateTimeOffset, RolloutEvent.Command> command, RolloutCoordinator coordinator)
    {
        try
        {
            return Show(coordinator.Command(id, (_, now) => command(now)));
        }
        catch (RolloutRefusedException e)
        {
            return Problems.Of(StatusCodes.Status409Conflict, e.Reason, e.Message);
        }
    }

    // Set by the authentication that every operator's endpoint demands.
    private static string NameOf(ClaimsPrincipal user) => user.Identity!.Name!;

    private static Results<Ok<RolloutView>, ProblemHttpResult> Show(RolloutState? rollout) =>
        rollout is null ? Problems.OfStatus(StatusCodes.Status404NotFound, "no rollout has this id") : TypedResults.Ok(RolloutView.Of(rollout));
}

/// <summary>What an operator asks for.</summary>
internal sealed record RolloutRequest(string Product, string Version, IReadOnlyList<StageRequest> Stages, int AbortAfterFailures)
{
    public PlanDocument ToDocument() => new(Product, Version, [.. Stages.Select(static s => s?.ToDocument()!)], AbortAfterFailures);
}

/// <summary>One stage of it; without a count it takes the rest.</summary>
internal sealed record StageRequest(string Name, int? Count = null)
{
    public StageDocument ToDocument() => new(Name, Count);
}

/// <summary>A rollout, as operators see it.</summary>
internal sealed record RolloutView(
    string Id, string Product, string Version, string Target, string ManifestDigest, string State, string? Stage, IReadOnlyList<StageView> Stages, int AbortAfterFailures, string? Reason)
{
    public static RolloutView Of(RolloutState r) => new(
        r.Plan.Id,
        r.Plan.Product.ToString(),
        r.Plan.Version.ToString(),
        r.Plan.TargetPath,
        r.Plan.ManifestDigest.ToString(),
        r.Status.ToString().ToLowerInvariant(),
        r.Stage < 0 ? null : r.Plan.Stages[r.Stage].Name,
        [.. r.Plan.Stages.Select((s, i) => StageView.Of(s, [.. r.Members.Values.Where(m => m.Stage == i)]))],
        r.Plan.AbortAfterFailures,
        r.Reason);
}

/// <summary>
/// How far a stage came. Granted counts those that were asked and not taken back, whatever came of it. Who failed is named here, as a device's own entry
/// says only what it reported last. Deferred are those that wait for a gate of their own, and why: they count neither as confirmed nor as failed.
/// </summary>
internal sealed record StageView(
    string Name, int? Count, int Members, int Granted, int Confirmed, int Failed, IReadOnlyList<string> FailedDevices, int Deferred, IReadOnlyList<string> DeferredDevices)
{
    public static StageView Of(StagePlan stage, IReadOnlyList<Member> members) => new(
        stage.Name,
        stage.Count,
        members.Count,
        members.Count(static m => m.Status is not (MemberStatus.Waiting or MemberStatus.Withdrawn)),
        members.Count(static m => m.Status == MemberStatus.Confirmed),
        members.Count(static m => m.Status == MemberStatus.Failed),
        [.. members.Where(static m => m.Status == MemberStatus.Failed).Select(static m => m.Device.ToString()).Order(StringComparer.Ordinal)],
        members.Count(static m => m.Deferral is not null),
        [.. members.Where(static m => m.Deferral is not null).Select(static m => $"{m.Device}: {m.Deferral}").Order(StringComparer.Ordinal)]);
}
