using System.Security.Cryptography;
using Fota.Manifest.Envelope;
using Fota.Manifest.Keys;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Keys;

[Proves("M-12", "M-17")]
public sealed class VerificationKeyTests
{
    private static readonly SoftwareKey[] s_keys = [SoftwareKey.EcdsaP256(), SoftwareKey.EcdsaP384(), SoftwareKey.Ed25519(), SoftwareKey.RsaPss(), SoftwareKey.HashBased()];

    private static readonly SignatureAlgorithm[] s_algorithms = [SignatureAlgorithm.Esp256, SignatureAlgorithm.Esp384, SignatureAlgorithm.Ed25519, SignatureAlgorithm.Ps256, SignatureAlgorithm.HssLms];

    [Test]
    public void A_key_of_each_kind_has_its_algorithm_and_survives_pem([Range(0, 4)] int kind)
    {
        VerificationKey key = s_keys[kind].PublicKey;

        Assert.That(key.Algorithm, Is.EqualTo(s_algorithms[kind]));
        Assert.That(VerificationKey.FromPem(key.ToPem()), Is.EqualTo(key));
    }

    [Test]
    public void A_signature_of_each_kind_is_recognised_and_one_over_other_bytes_is_not([Range(0, 4)] int kind)
    {
        byte[] signature = s_keys[kind].Sign("message"u8);

        Assert.That(s_keys[kind].PublicKey.IsSignatureOver("message"u8, signature), Is.True);
        Assert.That(s_keys[kind].PublicKey.IsSignatureOver("massage"u8, signature), Is.False);
    }

    [Test]
    public void A18_Signature_with_a_byte_more_or_less_is_refused([Range(0, 4)] int kind)
    {
        byte[] signature = s_keys[kind].Sign("message"u8);

        Assert.That(s_keys[kind].PublicKey.IsSignatureOver("message"u8, [.. signature, 0]), Is.False);
        Assert.That(s_keys[kind].PublicKey.IsSignatureOver("message"u8, signature.AsSpan()[..^1]), Is.False);
        Assert.That(s_keys[kind].PublicKey.IsSignatureOver("message"u8, []), Is.False);
    }

    [TestCase(0, -9, -7)]
    [TestCase(1, -51, -35)]
    [TestCase(2, -19, -8)]
    [TestCase(3, -37, 0)]
    [TestCase(4, -46, 0)]
    public void A24_A_key_takes_its_own_number_and_names_of_the_same_computation_only(int kind, int own, int second)
    {
        long[] numbers = [.. Enumerable.Range(-300, 400).Where(number => s_keys[kind].PublicKey.Accepts(number)).Select(static number => (long)number)];

        Assert.That(numbers, Is.EquivalentTo(second == 0 ? [own] : new[] { own, second }));
    }

    [Test]
    public void A_manifest_can_be_signed_by_a_key_of_each_kind([Range(0, 4)] int kind)
    {
        SignedEnvelope envelope = SampleRelease.Create().SignedBy(s_keys[kind]);

        Assert.That(envelope.IsSignedBy(s_keys[kind].PublicKey), Is.True);
        Assert.That(envelope.Signatures[0].ClaimedAlgorithm, Is.EqualTo((long)s_algorithms[kind]));
    }

    [TestCase(1024)]
    public void A12_RSA_key_that_is_too_short_is_refused(int bits) => IsUnsupported(RSA.Create(bits).ExportSubjectPublicKeyInfo());

    [Test]
    public void A12_RSA_key_longer_than_8192_bits_is_refused()
    {
        byte[] modulus = new byte[1025];
        Array.Fill(modulus, (byte)0xFF);

        IsUnsupported(Rsa(modulus, [1, 0, 1]));
    }

    [TestCase("01")]
    [TestCase("010000")]
    [TestCase("010000000000000001")]
    public void A12_RSA_key_with_an_exponent_out_of_range_is_refused(string exponent) =>
        IsUnsupported(Rsa(RSA.Create(2048).ExportParameters(includePrivateParameters: false).Modulus!, Convert.FromHexString(exponent)));

    [Test]
    public void A22_Bytes_after_a_key_are_refused([Range(0, 4)] int kind) => IsUnsupported([.. s_keys[kind].PublicKey.SubjectPublicKeyInfo.Span, 0]);

    [Test]
    public void A11_A_compressed_point_is_not_a_second_key()
    {
        byte[] whole = s_keys[0].PublicKey.SubjectPublicKeyInfo.ToArray();
        byte[] point = whole[^64..];
        byte[] compressed = [0x30, 0x39, 0x30, 0x13, .. whole[4..23], 0x03, 0x22, 0x00, (byte)(2 + (point[^1] & 1)), .. point[..32]];

        IsUnsupported(compressed);
    }

    private static byte[] Rsa(byte[] modulus, byte[] exponent)
    {
        System.Formats.Asn1.AsnWriter writer = new(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(modulus);
            writer.WriteIntegerUnsigned(exponent);
        }

        byte[] inner = writer.Encode();
        writer.Reset();
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.113549.1.1.1");
                writer.WriteNull();
            }

            writer.WriteBitString(inner);
        }

        return writer.Encode();
    }

    private static void IsUnsupported(byte[] subjectPublicKeyInfo) =>
        Assert.That(() => VerificationKey.FromSubjectPublicKeyInfo(subjectPublicKeyInfo),
            Throws.TypeOf<RejectedException>().With.Property("Rejection").Property("Reason").EqualTo(RejectionReason.UnsupportedKey));
}
