using System.Formats.Cbor;
using Fota.Manifest;
using Fota.Manifest.Reports;

namespace Fota.TestKit.Fuzzing;

/// <summary>Device reports (COSE_Sign1), and the server's answers to them.</summary>
internal static class ReportTargets
{
    private const string Device = "pump-0001";

    private static readonly FixedKey s_key = new(3);

    private static readonly DeviceReport s_report = new()
    {
        Device = Device,
        Product = ProductName.Parse("infusion-pump"),
        Deployment = "7-pump-0001",
        ManifestDigest = Sha256Digest.Of("manifest"u8),
        Sequence = new SequenceNumber(2),
        RunningVersion = ReleaseVersion.Parse("1.1.0"),
        Slot = 1,
        State = ReportState.RolledBack,
        Floor = new SecurityVersion(1),
        Time = DateTimeOffset.FromUnixTimeSeconds(1_790_000_000),
        Ordinal = 12,
        Nonce = new byte[16],
        Reason = RejectionReason.FailedBefore,
        Detail = "self-test: flow sensor",
    };

    private static readonly byte[] s_payload = s_report.Encode();

    private static readonly byte[] s_signed = VerifiedReport.Sign(s_report, s_key.PublicKey, input => s_key.Sign(input));

    private static readonly byte[] s_answer = new CheckInAnswer(new Assignment("7-pump-0001", "infusion-pump/1.1.0/manifest.suit"), TimeSpan.FromMinutes(5)) { Sources = [new ContentSource(new Uri("https://storage.example/fota/"), "sig=1")] }.Encode();

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("report", [s_signed], [], Verify, 256 * 1024),
        new("report-content", [s_payload, (s_report with { Deployment = null, Detail = null }).Encode()], [], static payload => VerifiedReport.Verify(Seal(payload), s_key.PublicKey, Device).IsAccepted(out _, out _), 256 * 1024),
        new("check-in-answer", [s_answer, new CheckInAnswer(null, TimeSpan.FromHours(1)).Encode()], FuzzTargets.Words("deployment", "nextCheckInSeconds", "null", "true", "\"\"", "-1", "9223372036854775808", "1e9"), static input => CheckInAnswer.Decode(input).IsAccepted(out _, out _), 512 * 1024),
    ];

    private static bool Verify(byte[] input)
    {
        if (!VerifiedReport.Verify(input, s_key.PublicKey, Device).IsAccepted(out VerifiedReport? report, out _))
        {
            return false;
        }

        return report.Content.Encode().AsSpan().SequenceEqual(s_payload) ? true : throw new ForgeryException("verified a report that the device did not sign");
    }

    // A report around any payload, signed as the device would: a device that was taken over can send it.
    private static byte[] Seal(byte[] payload)
    {
        byte[] header = [0xa1, 0x01, 0x32];
        CborWriter input = new();
        input.WriteStartArray(4);
        input.WriteTextString("Signature1");
        input.WriteByteString(header);
        input.WriteByteString([]);
        input.WriteByteString(payload);
        input.WriteEndArray();
        CborWriter cose = new();
        cose.WriteTag((CborTag)18);
        cose.WriteStartArray(4);
        cose.WriteByteString(header);
        cose.WriteStartMap(1);
        cose.WriteInt32(4);
        cose.WriteByteString(s_key.PublicKey.Id.Thumbprint.Bytes);
        cose.WriteEndMap();
        cose.WriteByteString(payload);
        cose.WriteByteString(s_key.Sign(input.Encode()));
        cose.WriteEndArray();
        return cose.Encode();
    }
}
