using Fota.Manifest.Encoding;
using Fota.Manifest.Keys;

namespace Fota.Manifest.Reports;

/// <summary>A report that the device's own key signed. The type is the proof: <see cref="Verify(SignedReport, VerificationKey, string)"/> is its only maker, and a rollout takes nothing else.</summary>
public sealed class VerifiedReport
{
    private VerifiedReport(DeviceReport content) => Content = content;

    /// <summary>What the device says.</summary>
    public DeviceReport Content { get; }

    /// <summary>
    /// Signs a report: COSE_Sign1 with the payload inside. <paramref name="sign"/> gets the Sig_structure and answers with the fixed-length
    /// signature of <paramref name="key"/>; the result is checked before it is used.
    /// </summary>
    /// <exception cref="RejectedException">What <paramref name="sign"/> gave is not that key's signature.</exception>
    public static byte[] Sign(DeviceReport report, VerificationKey key, Func<byte[], byte[]> sign)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(sign);
        byte[] payload = report.Encode();
        byte[] input = CoseSign1.ToBeSigned(key, payload);
        byte[] signature = sign(input);
        return key.IsSignatureOver(input, signature)
            ? CoseSign1.Encode(key, payload, signature)
            : throw new RejectedException(RejectionReason.SignatureInvalid, $"report: the device key {key.Id} did not sign what it was given");
    }

    /// <summary>Verifies a signed report against the device's key, and that it speaks for that device alone (A44).</summary>
    public static Verdict<VerifiedReport> Verify(ReadOnlySpan<byte> bytes, VerificationKey key, string device)
    {
        ArgumentNullException.ThrowIfNull(key);
        Verdict<SignedReport> decoded = SignedReport.Decode(bytes);
        return Verdict.Of(() => Verify(decoded.OrThrow(), key, device).OrThrow());
    }

    /// <summary>As <see cref="Verify(ReadOnlySpan{byte}, VerificationKey, string)"/>, of one that was decoded.</summary>
    public static Verdict<VerifiedReport> Verify(SignedReport report, VerificationKey key, string device)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(key);
        return Verdict.Of(() =>
        {
            if (!report.IsBy(key))
            {
                throw new RejectedException(RejectionReason.SignatureInvalid, $"report: wanted a signature by the device's key {key.Id}");
            }

            DeviceReport content = report.ReadUnverified();
            return string.Equals(content.Device, device, StringComparison.Ordinal)
                ? new VerifiedReport(content)
                : throw new RejectedException(RejectionReason.ForeignReport, $"report: wanted device \"{device}\", got \"{content.Device}\"");
        });
    }
}
