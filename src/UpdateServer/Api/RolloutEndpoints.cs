using System.Globalization;
using Fota.Manifest;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>Rollouts, for operators.</summary>
internal static class RolloutEndpoints
{
    public const string WantedScope = "wanted a role over the plan's product and every site that it may reach: all of them, where its filter names none";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/rollouts", (Asker asker, RolloutCoordinator coordinator) => coordinator.Rollouts.Where(r => asker.Caller.IsTouchedBy(r.Plan)).Select(r => RolloutView.Of(r, Sight(r, asker, coordinator))));
        api.MapPost("/rollouts", CreateAsync);
        RouteGroupBuilder one = api.MapGroup("/rollouts/{id}");
        one.MapGet("", (string id, Asker asker, RolloutCoordinator coordinator) => Show(Find(id, asker, coordinator), asker, coordinator));
        one.MapPut("", EditAsync);
        one.MapGet("/plan", Plan);
        one.MapGet("/decisions", Decisions);
        one.MapPost("/approve", Approve);
        one.MapPost("/start", StartAsync);

        // To stop grants is open to everybody at whose site devices may be asked: what is wrong shows somewhere first. To go on is not.
        one.MapPost("/pause", (string id, Asker asker, RolloutCoordinator coordinator) => Command(id, now => new RolloutEvent.Paused(now, asker.Name), asker, coordinator, static (caller, plan) => caller.IsTouchedBy(plan)));
        one.MapPost("/resume", (string id, Asker asker, RolloutCoordinator coordinator) => Command(id, now => new RolloutEvent.Resumed(now, asker.Name), asker, coordinator));
        one.MapPost("/cancel", (string id, Asker asker, RolloutCoordinator coordinator) => Command(id, now => new RolloutEvent.Cancelled(now, asker.Name), asker, coordinator));
        one.MapPost("/abort", (string id, Asker asker, RolloutCoordinator coordinator) => Command(id, now => new RolloutEvent.Aborted(now, asker.Name, "an operator aborted it"), asker, coordinator));
    }

    private static async Task<Results<Created<RolloutView>, ProblemHttpResult>> CreateAsync(PlanDocument plan, Asker asker, RolloutCoordinator coordinator, DeltaSchedule deltas)
    {
        if (!asker.Caller.Covers(plan))
        {
            return Problems.OutOfScope(WantedScope);
        }

        try
        {
            RolloutView view = RolloutView.Of(coordinator.Create(plan, asker.Name), null);
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

    private static async Task<Results<Ok<RolloutView>, ProblemHttpResult>> EditAsync(string id, PlanDocument plan, Asker asker, RolloutCoordinator coordinator, DeltaSchedule deltas)
    {
        if (!asker.Caller.Covers(plan))
        {
            return Find(id, asker, coordinator) is null ? NoSuch() : Problems.OutOfScope(WantedScope);
        }

        try
        {
            Results<Ok<RolloutView>, ProblemHttpResult> answer = Show(coordinator.Edit(id, plan, asker.Name, rollout => Demand(rollout, asker.Caller, Everything)), asker, coordinator);
            await deltas.RunSoonAsync();
            return answer;
        }
        catch (RejectedException e)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, e.Rejection.Reason.ToString(), e.Rejection.Detail);
        }
        catch (OutsideException e)
        {
            return e.Problem;
        }
        catch (RolloutRefusedException e)
        {
            return Problems.Of(e.Reason == RolloutRefusedException.IllegalTransition ? StatusCodes.Status409Conflict : StatusCodes.Status422UnprocessableEntity, e.Reason, e.Message);
        }
    }

    /// <summary>The plan's canonical text, whose digest an approval names.</summary>
    private static Results<FileContentHttpResult, ProblemHttpResult> Plan(string id, Asker asker, RolloutCoordinator coordinator) => Find(id, asker, coordinator) is { } rollout
        ? TypedResults.Bytes(PlanDocument.Canonical(rollout.Plan), "application/json")
        : NoSuch();

    private static Results<Ok<IEnumerable<DecisionView>>, ProblemHttpResult> Decisions(string id, Asker asker, RolloutCoordinator coordinator, IDecisionStore decisions) => Find(id, asker, coordinator) is { } rollout
        ? TypedResults.Ok(decisions.Of(long.Parse(rollout.Plan.Id.AsSpan(1), CultureInfo.InvariantCulture)).Select(DecisionView.Of))
        : NoSuch();

    private static Results<Ok<RolloutView>, ProblemHttpResult> Approve(string id, ApprovalRequest request, Asker asker, RolloutCoordinator coordinator) =>
        Sha256Digest.TryParse(request.ManifestDigest, out Sha256Digest? manifest) && Sha256Digest.TryParse(request.PlanDigest, out Sha256Digest? plan)
            ? Command(id, now => new RolloutEvent.Approved(now, asker.Name, manifest, plan), asker, coordinator)
            : Problems.Of(StatusCodes.Status400BadRequest, nameof(RejectionReason.ValueOutOfRange), "wanted digests of 64 lower-case hexadecimal digits");

    private static async Task<Results<Ok<RolloutView>, ProblemHttpResult>> StartAsync(string id, Asker asker, RolloutCoordinator coordinator, DeltaSchedule deltas, ServerSettings settings)
    {
        bool needsApproval = settings.RolloutApproval != RolloutApproval.NotRequired;
        Results<Ok<RolloutView>, ProblemHttpResult> answer = Command(id, now => new RolloutEvent.Started(now, asker.Name) { NeedsApproval = needsApproval }, asker, coordinator);
        await deltas.RunSoonAsync();
        return answer;
    }

    private static Results<Ok<RolloutView>, ProblemHttpResult> Command(
        string id, Func<DateTimeOffset, RolloutEvent.Command> command, Asker asker, RolloutCoordinator coordinator, Func<Caller, RolloutPlan, bool>? isEnough = null)
    {
        try
        {
            return Show(coordinator.Command(id, Judged), asker, coordinator);
        }
        catch (OutsideException e)
        {
            return e.Problem;
        }
        catch (RolloutRefusedException e)
        {
            return Problems.Of(StatusCodes.Status409Conflict, e.Reason, e.Message);
        }

        // Judged with the rollout as it stands when the command is taken: nobody has put a wider plan in its place in between.
        RolloutEvent.Command Judged(RolloutState rollout, DateTimeOffset now)
        {
            Demand(rollout, asker.Caller, isEnough ?? Everything);
            return command(now);
        }
    }

    private static bool Everything(Caller caller, RolloutPlan plan) => caller.Covers(plan);

    private static void Demand(RolloutState rollout, Caller caller, Func<Caller, RolloutPlan, bool> isEnough)
    {
        if (!isEnough(caller, rollout.Plan))
        {
            throw new OutsideException(caller.IsTouchedBy(rollout.Plan) ? Problems.OutOfScope(WantedScope) : NoSuch());
        }
    }

    /// <summary>A rollout that may reach a device in scope; null for none.</summary>
    private static RolloutState? Find(string id, Asker asker, RolloutCoordinator coordinator) => coordinator.Find(id) is { } rollout && asker.Caller.IsTouchedBy(rollout.Plan) ? rollout : null;

    /// <summary>Of which devices an answer may speak by name; null for all.</summary>
    private static Func<DeviceId, bool>? Sight(RolloutState rollout, Asker asker, RolloutCoordinator coordinator) =>
        asker.Caller.Covers(rollout.Plan.Product, null) ? null : device => asker.Caller.Covers(rollout.Plan.Product, coordinator.TraitsOf(device)?.Site);

    private static Results<Ok<RolloutView>, ProblemHttpResult> Show(RolloutState? rollout, Asker asker, RolloutCoordinator coordinator) =>
        rollout is null ? NoSuch() : TypedResults.Ok(RolloutView.Of(rollout, Sight(rollout, asker, coordinator)));

    private static ProblemHttpResult NoSuch() => Problems.OfStatus(StatusCodes.Status404NotFound, "no rollout has this id");
}

/// <summary>A rollout reaches further than whoever asks may.</summary>
internal sealed class OutsideException(ProblemHttpResult problem) : Exception
{
    public ProblemHttpResult Problem { get; } = problem;
}

/// <summary>What somebody agrees to.</summary>
internal sealed record ApprovalRequest(string ManifestDigest, string PlanDigest);
