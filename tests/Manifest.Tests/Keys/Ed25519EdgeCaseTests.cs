using System.Text.Json;
using Fota.Manifest.Keys;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Keys;

/// <summary>
/// C2SP's CCTV vectors of Ed25519 points that implementations judge differently. Ours: keys of low order or in a non-canonical spelling are no
/// trusted keys; of the rest, OpenSSL's verdict, which is that of most verifiers: R is compared as bytes and the cofactor is not multiplied in,
/// so a non-canonical R and a residue of low order are refused, and a component of low order that cancels out is taken.
/// </summary>
[Proves("M-17")]
public sealed class Ed25519EdgeCaseTests
{
    private static readonly string[] s_refusedKeys = ["low_order_A", "non_canonical_A"];

    private static readonly string[] s_refusedSignatures = ["non_canonical_R", "low_order_residue", "reencoded_k"];

    [Test]
    public void A18_Every_edge_case_gets_the_verdict_of_its_flags()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(VectorFolder.Require("wycheproof/cctv-ed25519.json")));
        Dictionary<string, int> verdicts = new(StringComparer.Ordinal);
        List<string> wrong = [];
        foreach (JsonElement vector in json.RootElement.EnumerateArray())
        {
            string[] flags = vector.GetProperty("flags") is { ValueKind: JsonValueKind.Array } array ? [.. array.EnumerateArray().Select(static flag => flag.GetString()!)] : [];
            string wanted = flags.Any(s_refusedKeys.Contains) ? "no key" : flags.Any(s_refusedSignatures.Contains) ? "no signature" : "signature";
            string got = VerdictOn(vector);
            verdicts[got] = verdicts.GetValueOrDefault(got) + 1;
            if (got != wanted)
            {
                wrong.Add($"{vector.GetProperty("number")}: wanted {wanted}, got {got}: {string.Join(' ', flags)}");
            }
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(verdicts.Values.Sum(), Is.EqualTo(914));
        Assert.That(verdicts, Has.Count.EqualTo(3), "each verdict occurs");
    }

    private static string VerdictOn(JsonElement vector)
    {
        byte[] info = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, .. Convert.FromHexString(vector.GetProperty("key").GetString()!)];
        byte[] message = System.Text.Encoding.UTF8.GetBytes(vector.GetProperty("msg").GetString()!);
        try
        {
            return VerificationKey.FromSubjectPublicKeyInfo(info).IsSignatureOver(message, Convert.FromHexString(vector.GetProperty("sig").GetString()!)) ? "signature" : "no signature";
        }
        catch (RejectedException e) when (e.Rejection.Reason == RejectionReason.UnsupportedKey)
        {
            return "no key";
        }
    }
}
