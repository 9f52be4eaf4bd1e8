using System.Security.Cryptography;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>Makes device reports.</summary>
internal static class SampleReports
{
    public static DeviceReport Of(string device, ReportState state, string? deployment, Sha256Digest manifest, long ordinal) => new()
    {
        Device = device,
        Product = ProductName.Parse(RepositorySimulator.ProductName),
        Deployment = deployment,
        ManifestDigest = manifest,
        Sequence = new SequenceNumber(1),
        RunningVersion = ReleaseVersion.Parse("1.0.0"),
        Slot = 0,
        State = state,
        Floor = new SecurityVersion(1),
        Time = DateTimeOffset.UnixEpoch,
        Ordinal = ordinal,
        Nonce = RandomNumberGenerator.GetBytes(DeviceReport.NonceSize),
    };

    /// <summary>The report, signed and verified, as the engine wants it.</summary>
    public static VerifiedReport Verified(this DeviceReport report)
    {
        SoftwareKey key = SoftwareKey.EcdsaP256();
        byte[] signed = VerifiedReport.Sign(report, key.PublicKey, input => key.Sign(input));
        return VerifiedReport.Verify(signed, key.PublicKey, report.Device).OrThrow();
    }
}
