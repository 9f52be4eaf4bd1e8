using System.Text.Json;
using Fota.Manifest.Keys;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Keys;

/// <summary>Every signature of C2SP's Wycheproof files for our algorithms gets the verdict that its authors give it.</summary>
[Proves("M-11")]
public sealed class WycheproofTests
{
    [TestCase("ecdsa_secp256r1_sha256_p1363_test", 262, SignatureAlgorithm.Esp256)]
    [TestCase("ecdsa_secp384r1_sha384_p1363_test", 280, SignatureAlgorithm.Esp384)]
    [TestCase("ed25519_test", 151, SignatureAlgorithm.Ed25519)]
    [TestCase("rsa_pss_2048_sha256_mgf1_32_test", 108, SignatureAlgorithm.Ps256)]
    public void A18_Every_signature_of_the_file_gets_the_expected_verdict(string file, int count, SignatureAlgorithm algorithm)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(VectorFolder.Require($"wycheproof/{file}.json")));
        List<string> wrong = [];
        int seen = 0;
        foreach (JsonElement group in json.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            VerificationKey key = VerificationKey.FromSubjectPublicKeyInfo(Hex(group, "publicKeyDer"));
            Assert.That(key.Algorithm, Is.EqualTo(algorithm));
            foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
            {
                seen++;
                bool accepted = key.IsSignatureOver(Hex(test, "msg"), Hex(test, "sig"));
                if (accepted != (test.GetProperty("result").GetString() is "valid"))
                {
                    wrong.Add($"{test.GetProperty("tcId")}: {test.GetProperty("comment")}: accepted {accepted}");
                }
            }
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(seen, Is.EqualTo(count));
    }

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);
}
