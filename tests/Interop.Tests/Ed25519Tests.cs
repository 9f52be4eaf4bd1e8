using System.Text.Json;
using Fota.Interop.OpenSsl;
using Fota.TestKit;

namespace Fota.Interop.Tests;

[TestFixture]
public sealed class Ed25519Tests
{
    // RFC 8032 section 7.1, test 3.
    private static readonly byte[] PublicKey = Convert.FromHexString("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
    private static readonly byte[] Message = Convert.FromHexString("af82");

    private static readonly byte[] Signature = Convert.FromHexString(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");

    [Test]
    public void Signature_of_rfc_8032_is_accepted() => Assert.That(Ed25519.Verify(PublicKey, Message, Signature), Is.True);

    [Test]
    public void A18_Every_flipped_bit_of_the_signature_is_refused()
    {
        for (int bit = 0; bit < Signature.Length * 8; bit++)
        {
            byte[] flipped = [.. Signature];
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(Ed25519.Verify(PublicKey, Message, flipped), Is.False, $"bit {bit}");
        }
    }

    [Test]
    public void Other_message_is_refused() => Assert.That(Ed25519.Verify(PublicKey, "other"u8, Signature), Is.False);

    [TestCase(0)]
    [TestCase(31)]
    [TestCase(33)]
    public void Key_of_wrong_length_is_refused(int length) => Assert.That(Ed25519.Verify(new byte[length], Message, Signature), Is.False);

    [TestCase(0)]
    [TestCase(63)]
    [TestCase(65)]
    public void A18_Signature_of_wrong_length_is_refused(int length)
    {
        byte[] resized = new byte[length];
        Signature.AsSpan(0, Math.Min(length, Signature.Length)).CopyTo(resized);
        Assert.That(Ed25519.Verify(PublicKey, Message, resized), Is.False);
    }

    [Test]
    public void A18_Wycheproof_vectors_are_judged_as_published()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(VectorFolder.Require("wycheproof/ed25519_test.json")));
        int count = 0;
        foreach (JsonElement group in document.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            byte[] publicKey = Hex(group.GetProperty("publicKey"), "pk");
            foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
            {
                bool isValid = test.GetProperty("result").ValueEquals("valid");
                Assert.That(Ed25519.Verify(publicKey, Hex(test, "msg"), Hex(test, "sig")), Is.EqualTo(isValid), $"tcId {test.GetProperty("tcId")}");
                count++;
            }
        }

        Assert.That(count, Is.EqualTo(document.RootElement.GetProperty("numberOfTests").GetInt32()));
    }

    private static byte[] Hex(JsonElement element, string name) => Convert.FromHexString(element.GetProperty(name).GetString()!);
}
