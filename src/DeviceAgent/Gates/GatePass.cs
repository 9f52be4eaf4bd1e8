using Fota.DeviceAgent.Boot;
using Fota.Manifest;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Gates;

/// <summary>
/// The proof that every gate of the device was asked before a step, just now, and that none was closed but those that the release itself may pass. What
/// writes, activates or restarts takes one.
/// </summary>
internal sealed class GatePass
{
    // Longer than any gate has reason to take; commands have a bound of their own below it.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private GatePass(GatePoint point, InstalledRelease release, IReadOnlyList<string> overridden)
    {
        Point = point;
        Release = release;
        Overridden = overridden;
    }

    public GatePoint Point { get; }

    public InstalledRelease Release { get; }

    /// <summary>The gates that were closed and overridden, each with its reason, for the log and the report.</summary>
    public IReadOnlyList<string> Overridden { get; }

    /// <summary>Asks for a release whose manifest says which gates it may pass; only the type proves that it does, as no server's wish could (P5).</summary>
    /// <exception cref="GateClosedException">A gate is closed.</exception>
    public static Task<GatePass> DemandAsync(AgentParts parts, GatePoint point, AdmittedManifest manifest, CancellationToken cancellation) =>
        DemandAsync(parts, point, InstalledRelease.Of(manifest.Manifest), manifest.Content.GateOverride, cancellation);

    /// <summary>Asks for a release of which the device remembers no more than its name: nothing is overridden.</summary>
    /// <exception cref="GateClosedException">A gate is closed.</exception>
    public static Task<GatePass> DemandAsync(AgentParts parts, GatePoint point, InstalledRelease release, CancellationToken cancellation) =>
        DemandAsync(parts, point, release, GateOverride.None, cancellation);

    /// <summary>That this pass is for the step at hand: one for another is a mistake of ours.</summary>
    public void Demand(GatePoint point, InstalledRelease release)
    {
        if (Point != point || Release.ManifestDigest != release.ManifestDigest)
        {
            throw new InvalidOperationException($"a pass for {Point} of {Release.ManifestDigest} is none for {point} of {release.ManifestDigest}");
        }
    }

    private static async Task<GatePass> DemandAsync(AgentParts parts, GatePoint point, InstalledRelease release, GateOverride over, CancellationToken cancellation)
    {
        GateQuestion question = new(point, release, parts.Clock.Plausible);
        List<string> overridden = [], reasons = [];
        List<GateKind> closed = [];
        foreach (IInstallGate gate in parts.Gates)
        {
            if (await WhyClosedAsync(gate, question, parts.Time, cancellation) is not { } why)
            {
                continue;
            }

            if (over.Includes(gate.Kind) && !gate.NeverOverridden)
            {
                overridden.Add($"gate {gate.Kind.Name()} overridden before {Name(point)}: {why}");
                parts.Log.Progress($"{overridden[^1]} (the release may pass it)");
            }
            else
            {
                closed.Add(gate.Kind);
                reasons.Add($"gate {gate.Kind.Name()} closed before {Name(point)}: {why}");
            }
        }

        return closed.Count == 0
            ? new GatePass(point, release, overridden)
            : throw new GateClosedException(point, release, [.. closed.Distinct()], string.Join("; ", reasons));
    }

    private static async Task<string?> WhyClosedAsync(IInstallGate gate, GateQuestion question, TimeProvider time, CancellationToken cancellation)
    {
        using CancellationTokenSource patience = new(s_patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            // On another thread and not waited for longer: a file that does not answer must not hold up the agent.
            return await Task.Run(() => gate.AskAsync(question, either.Token), either.Token).WaitAsync(either.Token) switch
            {
                GateAnswer.Open => null,
                GateAnswer.Closed closed => closed.Why,
                _ => "it gave no answer",
            };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return "it did not answer in time";
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return e.Message; // whatever it is: a gate that fails is closed
        }
    }

    private static string Name(GatePoint point) => point switch
    {
        GatePoint.Write => "writing",
        GatePoint.Activation => "activation",
        _ => "reboot",
    };
}
