using System.Security.Cryptography;
using System.Text.Json;
using Fota.Manifest.Keys;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Keys;

/// <summary>HSS/LMS: the public vectors, and what a hostile key or signature may try.</summary>
[Proves("M-17")]
public sealed class HashBasedTests
{
    private static readonly byte[] s_algorithm = [0x30, 0x0d, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x03, 0x11];

    [Test]
    public void Every_public_vector_verifies_and_no_longer_after_a_change()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(VectorFolder.Require("hsslms/hss-vectors.json")));
        int seen = 0;
        foreach (JsonElement vector in json.RootElement.EnumerateArray())
        {
            seen++;
            string name = vector.GetProperty("name").GetString()!;
            VerificationKey key = VerificationKey.FromSubjectPublicKeyInfo(Info(Hex(vector, "public_key")));
            byte[] message = Hex(vector, "message"), signature = Hex(vector, "signature");
            Assert.That(key.Algorithm, Is.EqualTo(SignatureAlgorithm.HssLms), name);
            Assert.That(key.IsSignatureOver(message, signature), Is.True, name);
            Assert.That(key.IsSignatureOver([.. message, 0], signature), Is.False, name);
            for (int i = 0; i < signature.Length; i += 173)
            {
                byte[] changed = [.. signature];
                changed[i] ^= 0x40;
                Assert.That(key.IsSignatureOver(message, changed), Is.False, $"{name}: byte {i}");
            }
        }

        Assert.That(seen, Is.EqualTo(11));
    }

    [Test]
    public void A23_Every_truncation_of_a_signature_and_a_bit_flipped_in_any_byte_are_refused()
    {
        SoftwareKey key = SoftwareKey.HashBased();
        byte[] signature = key.Sign("message"u8);

        Refusal.EveryTruncation(signature, cut => key.PublicKey.IsSignatureOver("message"u8, cut));
        for (int at = 0; at < signature.Length; at++)
        {
            byte[] flipped = [.. signature];
            flipped[at] ^= (byte)(1 << (at % 8));
            Assert.That(key.PublicKey.IsSignatureOver("message"u8, flipped), Is.False, $"byte {at}");
        }
    }

    [Test]
    public void A11_Both_spellings_of_a_key_are_one_key()
    {
        VerificationKey key = SoftwareKey.HashBased().PublicKey;
        byte[] raw = key.SubjectPublicKeyInfo.ToArray()[^60..];

        Assert.That(VerificationKey.FromSubjectPublicKeyInfo(Info([0x04, 60, .. raw])), Is.EqualTo(key));
    }

    [TestCase("00000000", TestName = "A12_HSS_key_without_levels_is_refused")]
    [TestCase("00000009", TestName = "A12_HSS_key_of_nine_levels_is_refused")]
    public void Levels_out_of_range(string levels) => IsUnsupported([.. Convert.FromHexString(levels), 0, 0, 0, 5, 0, 0, 0, 4, .. new byte[48]]);

    [TestCase(4u, 4u)]
    [TestCase(25u, 4u)]
    [TestCase(5u, 0u)]
    [TestCase(5u, 17u)]
    [TestCase(5u, 8u)]
    [TestCase(15u, 4u)]
    public void A12_HSS_key_with_unknown_or_unequal_parameter_sets_is_refused(uint tree, uint oneTime) =>
        IsUnsupported([0, 0, 0, 1, 0, 0, 0, (byte)tree, 0, 0, 0, (byte)oneTime, .. new byte[48]]);

    [TestCase(47)]
    [TestCase(49)]
    public void A22_HSS_key_of_another_length_is_refused(int rest) => IsUnsupported([0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 4, .. new byte[rest]]);

    [Proves("M-18")]
    [TestCase(32, true)]
    [TestCase(24, false)]
    public void A24_A_level_with_a_weaker_hash_than_the_trusted_key_is_refused(int lower, bool accepted)
    {
        SoftwareKey key = SoftwareKey.HashBasedOfTwoLevels(lower);

        Assert.That(key.PublicKey.IsSignatureOver("message"u8, key.Sign("message"u8)), Is.EqualTo(accepted));
    }

    [Test]
    public void A_leaf_beyond_the_tree_is_refused()
    {
        SoftwareKey key = SoftwareKey.HashBased();
        byte[] signature = key.Sign("message"u8);
        signature[7] = 32;

        Assert.That(key.PublicKey.IsSignatureOver("message"u8, signature), Is.False);
    }

    [TestCase("2.16.840.1.101.3.4.3.17", 1312)]
    [TestCase("2.16.840.1.101.3.4.3.18", 1952)]
    [TestCase("2.16.840.1.101.3.4.3.19", 2592)]
    public void ML_DSA_key_is_taken_where_the_machine_has_it_and_refused_with_the_reason_where_not(string oid, int length)
    {
        System.Formats.Asn1.AsnWriter writer = new(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(oid);
            }

            writer.WriteBitString(new byte[length]);
        }

        byte[] key = writer.Encode();
        if (MLDsa.IsSupported)
        {
            Assert.That((long)VerificationKey.FromSubjectPublicKeyInfo(key).Algorithm, Is.InRange(-50, -48));
            return;
        }

        RejectedException refused = Assert.Throws<RejectedException>(() => VerificationKey.FromSubjectPublicKeyInfo(key))!;
        Assert.That(refused.Rejection.Reason, Is.EqualTo(RejectionReason.UnsupportedKey));
        Assert.That(refused.Rejection.Detail, Does.Contain("OpenSSL 3.5"));
    }

    private static byte[] Info(byte[] raw) => [0x30, (byte)(s_algorithm.Length + 3 + raw.Length), .. s_algorithm, 0x03, (byte)(raw.Length + 1), 0x00, .. raw];

    private static void IsUnsupported(byte[] raw) =>
        Assert.That(() => VerificationKey.FromSubjectPublicKeyInfo(Info(raw)),
            Throws.TypeOf<RejectedException>().With.Property("Rejection").Property("Reason").EqualTo(RejectionReason.UnsupportedKey));

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);
}
