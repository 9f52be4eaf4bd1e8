using Fota.Manifest;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Rollouts.Simulation;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fota.UpdateServer.Api;

/// <summary>What a plan comes to on a simulated fleet, before anybody is asked (docs/spec/rollouts.md). Nothing is kept of it, and no device is touched.</summary>
internal sealed class SimulationEndpoint : IDisposable
{
    /// <summary>Most devices: about a second's work of one processor. `fota-server rollout simulate` takes a hundred times as many, on a machine that serves nobody.</summary>
    private const int MaxDevices = 10_000;

    /// <summary>One at a time: it is work for a processor, and devices come first.</summary>
    private readonly SemaphoreSlim _turn = new(1);

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/rollout-simulations", static (SimulationRequest request, Asker asker, SimulationEndpoint endpoint, HttpContext context) => endpoint.RunAsync(request, asker, context.RequestAborted));

    public void Dispose() => _turn.Dispose();

    private async Task<Results<Ok<SimulationView>, ProblemHttpResult>> RunAsync(SimulationRequest request, Asker asker, CancellationToken cancellation)
    {
        if (!asker.Caller.Covers(request.Plan))
        {
            return Problems.OutOfScope(RolloutEndpoints.WantedScope);
        }

        await _turn.WaitAsync(cancellation);
        try
        {
            SimulationCurve curve = await Task.Run(() => request.Run(MaxDevices, cancellation), cancellation);
            using StringWriter text = new() { NewLine = "\n" };
            curve.Print(text);
            return TypedResults.Ok(new SimulationView(curve.ToOutcome(), text.ToString()));
        }
        catch (RejectedException e)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, e.Rejection.Reason.ToString(), e.Rejection.Detail);
        }
        finally
        {
            _turn.Release();
        }
    }
}

/// <summary>What a simulation came to: for programs, and as lines for people.</summary>
internal sealed record SimulationView(SimulationOutcome Outcome, string Text);
