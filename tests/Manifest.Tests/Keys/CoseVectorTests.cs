using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Keys;

/// <summary>
/// The examples of the COSE working group. The table has a verdict for every file: what its authors call right and we verify; what they call wrong,
/// and we refuse; and what we do not support, by name and with how that shows.
/// </summary>
[Proves("M-12", "M-15")]
public sealed class CoseVectorTests
{
    /// <summary>What becomes of an example.</summary>
    public enum Outcome
    {
        /// <summary>Right, and verified.</summary>
        Verified,

        /// <summary>Wrong, and taken for no signature of the key.</summary>
        NotByKey,

        /// <summary>A message that we do not read, refused as Unsupported.</summary>
        UnsupportedMessage,

        /// <summary>A well-formed message of several signers (COSE_Sign), which is classified and never verified.</summary>
        SeveralSigners,

        /// <summary>A key that we refuse.</summary>
        UnsupportedKey,
    }

    private static readonly (string File, Outcome Outcome)[] s_verdicts =
    [
        ("ecdsa-examples/ecdsa-01.json", Outcome.SeveralSigners),
        ("ecdsa-examples/ecdsa-02.json", Outcome.SeveralSigners),
        ("ecdsa-examples/ecdsa-03.json", Outcome.SeveralSigners),
        ("ecdsa-examples/ecdsa-04.json", Outcome.SeveralSigners),
        ("ecdsa-examples/ecdsa-sig-01.json", Outcome.Verified),
        ("ecdsa-examples/ecdsa-sig-02.json", Outcome.Verified),
        ("ecdsa-examples/ecdsa-sig-03.json", Outcome.UnsupportedKey), // P-521
        ("ecdsa-examples/ecdsa-sig-04.json", Outcome.NotByKey), // SHA-512 on P-256: our P-256 keys are used with SHA-256 alone (A24)
        ("eddsa-examples/eddsa-01.json", Outcome.SeveralSigners),
        ("eddsa-examples/eddsa-02.json", Outcome.SeveralSigners),
        ("eddsa-examples/eddsa-sig-01.json", Outcome.Verified),
        ("eddsa-examples/eddsa-sig-02.json", Outcome.UnsupportedKey), // Ed448
        ("hashsig/hashsig-01.json", Outcome.SeveralSigners),
        ("hashsig/hsssig-sig-01.json", Outcome.Verified),
        ("sign-tests/ecdsa-01.json", Outcome.SeveralSigners),
        ("sign-tests/sign-fail-01.json", Outcome.UnsupportedMessage), // wrong tag
        ("sign-tests/sign-fail-02.json", Outcome.SeveralSigners),
        ("sign-tests/sign-fail-03.json", Outcome.SeveralSigners),
        ("sign-tests/sign-fail-04.json", Outcome.SeveralSigners),
        ("sign-tests/sign-fail-06.json", Outcome.SeveralSigners),
        ("sign-tests/sign-fail-07.json", Outcome.SeveralSigners),
        ("sign-tests/sign-pass-01.json", Outcome.SeveralSigners),
        ("sign-tests/sign-pass-02.json", Outcome.SeveralSigners),
        ("sign-tests/sign-pass-03.json", Outcome.UnsupportedMessage), // no tag
        ("sign1-tests/sign-fail-01.json", Outcome.UnsupportedMessage), // wrong tag
        ("sign1-tests/sign-fail-02.json", Outcome.NotByKey),
        ("sign1-tests/sign-fail-03.json", Outcome.NotByKey), // algorithm -999
        ("sign1-tests/sign-fail-04.json", Outcome.NotByKey), // algorithm "unknown"
        ("sign1-tests/sign-fail-06.json", Outcome.NotByKey),
        ("sign1-tests/sign-fail-07.json", Outcome.NotByKey),
        ("sign1-tests/sign-pass-01.json", Outcome.NotByKey), // the algorithm is not protected, which we demand (A20)
        ("sign1-tests/sign-pass-02.json", Outcome.NotByKey), // external data, which none of our formats has
        ("sign1-tests/sign-pass-03.json", Outcome.UnsupportedMessage), // no tag
    ];

    [Test]
    public void The_table_has_every_file_of_the_folder()
    {
        string folder = VectorFolder.Require("cose");

        Assert.That(
            Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder, file)),
            Is.EquivalentTo(s_verdicts.Select(static verdict => verdict.File)));
    }

    [TestCaseSource(nameof(Files))]
    public void A24_Every_example_gets_the_verdict_of_the_table(string file)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(VectorFolder.Require($"cose/{file}")));

        Assert.That(Judge(json.RootElement), Is.EqualTo(s_verdicts.Single(verdict => verdict.File == file).Outcome));
    }

    private static Outcome Judge(JsonElement example)
    {
        Verdict<CoseMessage> decoded = CoseMessage.Decode(Convert.FromHexString(example.GetProperty("output").GetProperty("cbor").GetString()!));
        if (!decoded.IsAccepted(out CoseMessage? message, out _))
        {
            decoded.IsRefusedFor(RejectionReason.Unsupported);
            return Outcome.UnsupportedMessage;
        }

        if (message.Kind == CoseKind.Sign)
        {
            VerificationKey signer = SoftwareKey.EcdsaP256().PublicKey;
            Assert.That(message.IsBy(signer, message.Payload!.Value.Span), Is.False);
            return Outcome.SeveralSigners;
        }

        Assert.That(message.Kind, Is.EqualTo(CoseKind.Sign1));
        return KeyOf(example.GetProperty("input").GetProperty("sign0").GetProperty("key")) is not { } key ? Outcome.UnsupportedKey
            : message.IsBy(key, message.Payload!.Value.Span) ? Outcome.Verified
            : Outcome.NotByKey;
    }

    private static VerificationKey? KeyOf(JsonElement key)
    {
        byte[] info = key.GetProperty("kty").GetString() switch
        {
            "EC" => Ec(key),
            "OKP" when key.GetProperty("crv").GetString() is "Ed25519" => [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, .. Convert.FromHexString(key.GetProperty("x_hex").GetString()!)],
            "OKP" => [0x30, 0x43, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x71, 0x03, 0x3a, 0x00, .. Convert.FromHexString(key.GetProperty("x_hex").GetString()!)],
            _ => Hss(Convert.FromHexString(key.GetProperty("public").GetString()!)),
        };
        try
        {
            return VerificationKey.FromSubjectPublicKeyInfo(info);
        }
        catch (RejectedException e) when (e.Rejection.Reason == RejectionReason.UnsupportedKey)
        {
            return null;
        }
    }

    private static byte[] Ec(JsonElement key)
    {
        ECCurve curve = key.GetProperty("crv").GetString() switch
        {
            "P-256" => ECCurve.NamedCurves.nistP256,
            "P-384" => ECCurve.NamedCurves.nistP384,
            _ => ECCurve.NamedCurves.nistP521,
        };
        using ECDsa ecdsa = ECDsa.Create(new ECParameters { Curve = curve, Q = new ECPoint { X = Coordinate(key, "x"), Y = Coordinate(key, "y") } });
        return ecdsa.ExportSubjectPublicKeyInfo();
    }

    private static byte[] Coordinate(JsonElement key, string name) => key.TryGetProperty(name + "_hex", out JsonElement hex)
        ? Convert.FromHexString(hex.GetString()!)
        : Base64Url.DecodeFromChars(key.GetProperty(name).GetString());

    private static byte[] Hss(byte[] raw) => [0x30, (byte)(18 + raw.Length), 0x30, 0x0d, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x03, 0x11, 0x03, (byte)(raw.Length + 1), 0x00, .. raw];

    private static IEnumerable<string> Files() => s_verdicts.Select(static verdict => verdict.File);
}
