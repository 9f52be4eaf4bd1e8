using Fota.Manifest.Encoding;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Reports;

/// <summary>A well-formed signed report, believed by nobody: <see cref="VerifiedReport"/> is what its signature makes of it.</summary>
public sealed class SignedReport
{
    private readonly CoseMessage _cose;
    private readonly ReadOnlyMemory<byte> _payload;
    private DeviceReport? _content;

    private SignedReport(CoseMessage cose, ReadOnlyMemory<byte> payload)
    {
        _cose = cose;
        _payload = payload;
    }

    /// <summary>Decodes a report of at most <see cref="DecodeLimits.ReportBytes"/> bytes, by its form alone.</summary>
    public static Verdict<SignedReport> Decode(ReadOnlySpan<byte> bytes)
    {
        byte[]? own = bytes.Length <= DecodeLimits.ReportBytes ? bytes.ToArray() : null;
        return Verdict.Of(() =>
        {
            if (own is null)
            {
                throw new RejectedException(RejectionReason.LimitExceeded, $"report: wanted at most {DecodeLimits.ReportBytes} bytes");
            }

            DeterministicCbor.Require(own, "report");
            CoseMessage cose = CoseMessage.Decode(own, "report");
            cose.RequireProfile("report");
            return new SignedReport(cose, CborDoor.Require(cose.Payload, "report: the payload"));
        });
    }

    /// <summary>What it says, whoever says it.</summary>
    /// <exception cref="RejectedException">It is no report.</exception>
    public DeviceReport ReadUnverified() => _content ??= DeviceReport.Decode(_payload);

    /// <summary>Whether the key signed exactly these bytes.</summary>
    internal bool IsBy(VerificationKey key) => _cose.MayBeBy(key) && _cose.IsBy(key, _payload.Span);
}
