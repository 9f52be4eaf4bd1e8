using System.Security.Cryptography.X509Certificates;
using Fota.Manifest;
using Fota.Manifest.Reports;

namespace Fota.Samples.Demo;

/// <summary>What an attack was, and what became of it.</summary>
/// <param name="Name">The attack, in a few words.</param>
/// <param name="Victim">The device that was attacked.</param>
/// <param name="Refusal">What the device said, over its own signature.</param>
public sealed record AttackOutcome(string Name, string Victim, DeviceReport Refusal);

/// <summary>Three attacks on devices by whoever holds the update server, each with more in hand than the one before.</summary>
public sealed class Attacks(SignerSite signer, int port, X509Certificate2 serverIdentity)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(45);

    private readonly PublishedRepository _repository = new(Path.Combine(signer.Home, "repository"));

    /// <summary>An old release, validly signed and still listed, is assigned again.</summary>
    public Task<AttackOutcome> ReplayAsync(DeviceSite victim, string oldVersion, CancellationToken cancellation) =>
        AttackAsync("old release replayed", victim, _repository.Read, PublishedRepository.TargetOf(oldVersion), [RejectionReason.SequenceRollback], cancellation);

    /// <summary>One bit of a release's pack is flipped on the way.</summary>
    public Task<AttackOutcome> FlipBitAsync(DeviceSite victim, string version, CancellationToken cancellation)
    {
        string pack = _repository.PackOf(version);
        return AttackAsync("flipped bit in a pack", victim, path =>
        {
            byte[]? bytes = _repository.Read(path);
            if (bytes is not null && path == pack)
            {
                bytes[bytes.Length * 2 / 3] ^= 0x04;
            }

            return bytes;
        }, PublishedRepository.TargetOf(version), [RejectionReason.ChunkMismatch, RejectionReason.FrameInvalid], cancellation);
    }

    /// <summary>A release signed with the engineer's stolen key, and listed with the stolen online key: one key short of the threshold.</summary>
    public Task<AttackOutcome> ForgeWithOneKeyAsync(DeviceSite victim, CancellationToken cancellation)
    {
        const string Version = "9.9.9";
        IReadOnlyDictionary<string, byte[]> forged = new Forgery(signer, _repository).Make(Version);
        return AttackAsync("manifest signed by one key only", victim, path => forged.GetValueOrDefault(path) ?? _repository.Read(path),
            PublishedRepository.TargetOf(Version), [RejectionReason.ThresholdNotMet], cancellation);
    }

    private async Task<AttackOutcome> AttackAsync(string name, DeviceSite victim, Func<string, byte[]?> serve, string target, RejectionReason[] expected, CancellationToken cancellation)
    {
        string before = (await victim.StatusAsync(cancellation)).GetProperty("version").GetString()!;
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificateFromFile(victim.Site.Path("device.pem"));
        await using AttackerServer server = await AttackerServer.StartAsync(port, serverIdentity, serve, target, victim.Name, certificate, cancellation);
        victim.PowerOn();
        DeviceReport verdict;
        try
        {
            verdict = await Waiting.ForAsync($"{victim.Name} to refuse ({name})", s_patience, () => Task.FromResult(
                server.Reports.FirstOrDefault(static r => r.State is ReportState.Failed or ReportState.Confirmed or ReportState.RolledBack)), cancellation);
        }
        finally
        {
            await victim.PowerOffAsync();
        }

        string after = (await victim.StatusAsync(cancellation)).GetProperty("version").GetString()!;
        return verdict.State == ReportState.Failed && expected.Contains(verdict.Reason) && before == after
            ? new AttackOutcome(name, victim.Name, verdict)
            : throw new DemoFailedException($"{name}: wanted a refusal for {string.Join(" or ", expected)} and {before} untouched, got {verdict.State} {verdict.Reason} {verdict.Detail} and {after}");
    }
}
