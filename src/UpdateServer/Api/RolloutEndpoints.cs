using System.Globalization;
using System.Security.Claims;
using Fota.Manifest;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>Rollouts, for operators.</summary>
internal static class RolloutEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/rollouts", (RolloutCoordinator coordinator) => coordinator.Rollouts.Select(RolloutView.Of));
        api.MapPost("/rollouts", CreateAsync);
        RouteGroupBuilder one = api.MapGroup("/rollouts/{id}");
        one.MapGet("", (string id, RolloutCoordinator coordinator) => Show(coordinator.Find(id)));
        one.MapPut("", EditAsync);
        one.MapGet("/plan", Plan);
        one.MapGet("/decisions", Decisions);
        one.MapPost("/approve", (string id, ApprovalRequest request, ClaimsPrincipal user, RolloutCoordinator coordinator) => Approve(id, request, user, coordinator));
        one.MapPost("/start", StartAsync);
        one.MapPost("/pause", (string id, ClaimsPrincipal user, RolloutCoordinator coordinator) => Command(id, now => new RolloutEvent.Paused(now, NameOf(user)), coordinator));
        one.MapPost("/resume", (string id, ClaimsPrincipal user, RolloutCoordinator coordinator) => Command(id, now => new RolloutEvent.Resumed(now, NameOf(user)), coordinator));
        one.MapPost("/cancel", (string id, ClaimsPrincipal user, RolloutCoordinator coordinator) => Command(id, now => new RolloutEvent.Cancelled(now, NameOf(user)), coordinator));
        one.MapPost("/abort", (string id, ClaimsPrincipal user, RolloutCoordinator coordinator) => Command(id, now => new RolloutEvent.Aborted(now, NameOf(user), "an operator aborted it"), coordinator));
    }

    private static async Task<Results<Created<RolloutView>, ProblemHttpResult>> CreateAsync(PlanDocument plan, ClaimsPrincipal user, RolloutCoordinator coordinator, DeltaSchedule deltas)
    {
        try
        {
            RolloutView view = RolloutView.Of(coordinator.Create(plan, NameOf(user)));
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

    private static async Task<Results<Ok<RolloutView>, ProblemHttpResult>> EditAsync(string id, PlanDocument plan, ClaimsPrincipal user, RolloutCoordinator coordinator, DeltaSchedule deltas)
    {
        try
        {
            Results<Ok<RolloutView>, ProblemHttpResult> answer = Show(coordinator.Edit(id, plan, NameOf(user)));
            await deltas.RunSoonAsync();
            return answer;
        }
        catch (RejectedException e)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, e.Rejection.Reason.ToString(), e.Rejection.Detail);
        }
        catch (RolloutRefusedException e)
        {
            return Problems.Of(e.Reason == RolloutRefusedException.IllegalTransition ? StatusCodes.Status409Conflict : StatusCodes.Status422UnprocessableEntity, e.Reason, e.Message);
        }
    }

    /// <summary>The plan's canonical text, whose digest an approval names.</summary>
    private static Results<FileContentHttpResult, ProblemHttpResult> Plan(string id, RolloutCoordinator coordinator) => coordinator.Find(id) is { } rollout
        ? TypedResults.Bytes(PlanDocument.Canonical(rollout.Plan), "application/json")
        : NoSuch();

    private static Results<Ok<IEnumerable<DecisionView>>, ProblemHttpResult> Decisions(string id, RolloutCoordinator coordinator, IDecisionStore decisions) => coordinator.Find(id) is { } rollout
        ? TypedResults.Ok(decisions.Of(long.Parse(rollout.Plan.Id.AsSpan(1), CultureInfo.InvariantCulture)).Select(DecisionView.Of))
        : NoSuch();

    private static Results<Ok<RolloutView>, ProblemHttpResult> Approve(string id, ApprovalRequest request, ClaimsPrincipal user, RolloutCoordinator coordinator) =>
        Sha256Digest.TryParse(request.ManifestDigest, out Sha256Digest? manifest) && Sha256Digest.TryParse(request.PlanDigest, out Sha256Digest? plan)
            ? Command(id, now => new RolloutEvent.Approved(now, NameOf(user), manifest, plan), coordinator)
            : Problems.Of(StatusCodes.Status400BadRequest, nameof(RejectionReason.ValueOutOfRange), "wanted digests of 64 lower-case hexadecimal digits");

    private static async Task<Results<Ok<RolloutView>, ProblemHttpResult>> StartAsync(string id, ClaimsPrincipal user, RolloutCoordinator coordinator, DeltaSchedule deltas, ServerSettings settings)
    {
        bool needsApproval = settings.RolloutApproval != RolloutApproval.NotRequired;
        Results<Ok<RolloutView>, ProblemHttpResult> answer = Command(id, now => new RolloutEvent.Started(now, NameOf(user)) { NeedsApproval = needsApproval }, coordinator);
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

    private static Results<Ok<RolloutView>, ProblemHttpResult> Show(RolloutState? rollout) => rollout is null ? NoSuch() : TypedResults.Ok(RolloutView.Of(rollout));

    private static ProblemHttpResult NoSuch() => Problems.OfStatus(StatusCodes.Status404NotFound, "no rollout has this id");
}

/// <summary>What somebody agrees to.</summary>
internal sealed record ApprovalRequest(string ManifestDigest, string PlanDigest);
