using Fota.DeviceAgent.Storage;
using Fota.Manifest;

namespace Fota.DeviceAgent.Gates;

/// <summary>The operator's consent to one release, by its manifest's digest: it says nothing of any other, nor of the same version issued again.</summary>
internal static class OperatorConsent
{
    private const string FileName = "state/consent.json";

    /// <summary>Gives it; an earlier one to another release is withdrawn by that.</summary>
    public static void Give(IDurableStore store, Sha256Digest manifest)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(manifest);
        store.Replace(FileName, StoredJson.Write(json => json.WriteString("manifest_digest", manifest.ToString())));
    }

    /// <summary>Withdraws it.</summary>
    public static void Withdraw(IDurableStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.Delete(FileName);
    }

    /// <summary>What the operator has agreed to; null for nothing.</summary>
    /// <exception cref="DeviceStateException">The file is unreadable.</exception>
    public static Sha256Digest? Read(IDurableStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.Read(FileName) is null ? null : StoredJson.Read(store, FileName, static json => Sha256Digest.Parse(json.RequiredText("manifest_digest")));
    }
}

/// <summary>Open for the release that the operator has agreed to.</summary>
/// <param name="store">Where the consent is kept.</param>
/// <param name="neverOverridden">Whether an emergency release leaves it closed.</param>
internal sealed class ConsentGate(IDurableStore store, bool neverOverridden) : IInstallGate
{
    /// <inheritdoc/>
    public GateKind Kind => GateKind.Consent;

    /// <inheritdoc/>
    public bool NeverOverridden => neverOverridden;

    /// <inheritdoc/>
    public Task<GateAnswer> AskAsync(GateQuestion question, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(question);
        return Task.FromResult<GateAnswer>(OperatorConsent.Read(store) == question.Release.ManifestDigest
            ? new GateAnswer.Open()
            : new GateAnswer.Closed($"nobody has agreed to {question.Release.Version}, manifest {question.Release.ManifestDigest}"));
    }
}
