using Fota.Manifest.Encoding;
using Fota.Manifest.Metadata;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Metadata;

public sealed class SignedMetadataTests
{
    private const string Signed = """{"_type":"targets"}""";

    private static readonly SoftwareKey s_key = SoftwareKey.EcdsaP256();

    private static readonly string s_id = s_key.PublicKey.Id.ToString();

    [Test]
    public void What_was_assembled_is_read_back()
    {
        byte[] signed = Encode(Signed);
        SignedMetadata read = Decode(RepositorySimulator.Sign(signed, [s_key])).OrThrow();
        Assert.That(read.Type, Is.EqualTo(MetadataType.Targets));
        Assert.That(read.SignedBytes.ToArray(), Is.EqualTo(signed));
        Assert.That(new RoleKeys([s_key.PublicKey], 1).Check(read, "targets"), Is.Null);
    }

    [Test]
    public void Control_characters_stand_for_themselves_in_what_is_signed_and_are_escaped_in_the_file()
    {
        string signed = "{\"_type\":\"targets\",\"a\":\"\0\b\t\n\u000b\f\r\u001f\u007f\\\\n\\\"é\U0001F600\"}";
        byte[] file = SignedMetadata.Assemble(Encode(signed), []);
        Assert.That(System.Text.Encoding.UTF8.GetString(file), Does.Contain("""
            "\u0000\b\t\n\u000b\f\r\u001f
            """));
        Assert.That(Decode(file).OrThrow().SignedBytes.ToArray(), Is.EqualTo(Encode(signed)));
    }

    [Test]
    public void Members_are_ordered_by_their_UTF8_bytes()
    {
        // UTF-16 would put the surrogates of U+1F600 before U+FF5E.
        Assert.That(() => SignedMetadata.Assemble(Encode("{\"_type\":\"targets\",\"\uFF5E\":1,\"\U0001F600\":2}"), []), Throws.Nothing);
        Assert.That(() => SignedMetadata.Assemble(Encode("{\"_type\":\"targets\",\"\U0001F600\":2,\"\uFF5E\":1}"), []), Throws.ArgumentException);
    }

    [Test]
    [Proves("R-13")]
    public void A16_Draft_without_signatures_is_read_and_believed_by_no_role()
    {
        SignedMetadata draft = Decode(SignedMetadata.Assemble(Encode(Signed), [])).OrThrow();
        Assert.That(new RoleKeys([s_key.PublicKey], 1).Check(draft, "targets")!.Reason, Is.EqualTo(RejectionReason.NoSignatures));
    }

    [TestCase("""{"signatures":[],"signed":{"_type":"targets"}""", RejectionReason.Malformed)]
    [TestCase("", RejectionReason.Malformed)]
    [TestCase("[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]", RejectionReason.Malformed)]
    [TestCase("""{"signatures":[],"signed":{"_type":"\ud800"}}""", RejectionReason.Malformed)]
    [TestCase("""{"signatures":[],"signed":{"\ud800":1}}""", RejectionReason.Malformed)]
    [TestCase("""{"signatures":[],"signed":{"_type":"targets"}}{}""", RejectionReason.TrailingData)]
    [TestCase("""{"signatures":[],"signed":{"_type":"targets"}}x""", RejectionReason.TrailingData)]
    [TestCase("""{"signatures":[],"signed":{"_type":"targets","_type":"targets"}}""", RejectionReason.DuplicateField)]
    [TestCase("""{"signatures":[],"signed":{"_type":"targets","_typ\u0065":"targets"}}""", RejectionReason.DuplicateField)]
    [TestCase("""{"signatures":[],"signatures":[],"signed":{"_type":"targets"}}""", RejectionReason.DuplicateField)]
    [TestCase("""{"signatures":[],"signed":{"_type":"targets"}} """, RejectionReason.NotCanonical)]
    [TestCase("""{"signatures":[],"signed":{"_type": "targets"}}""", RejectionReason.NotCanonical)]
    [TestCase("""{"signatures":[],"signed":{"_type":"t\u0061rgets"}}""", RejectionReason.NotCanonical)]
    [TestCase("""{"signatures":[],"signed":{"_type":"targets","a":"\/"}}""", RejectionReason.NotCanonical)]
    [TestCase("""{"signatures":[],"signed":{"_type":"targets","a":"\u000A"}}""", RejectionReason.NotCanonical)]
    [TestCase("""{"signatures":[],"signed":{"_type":"targets","b":1,"a":2}}""", RejectionReason.NotCanonical)]
    [TestCase("""{"signatures":[],"signed":{"_type":"targets","a":1.0}}""", RejectionReason.NotCanonical)]
    [TestCase("""{"signatures":[],"signed":{"_type":"targets","a":1e1}}""", RejectionReason.NotCanonical)]
    [TestCase("""{"signatures":[],"signed":{"_type":"targets","a":-0}}""", RejectionReason.NotCanonical)]
    [TestCase("""{"signed":{"_type":"targets"},"signatures":[]}""", RejectionReason.NotCanonical)]
    [TestCase("""{"signed":{"_type":"targets"}}""", RejectionReason.MissingField)]
    [TestCase("""{"signatures":[]}""", RejectionReason.MissingField)]
    [TestCase("""{"signatures":{},"signed":{"_type":"targets"}}""", RejectionReason.WrongType)]
    [TestCase("""{"signatures":[1],"signed":{"_type":"targets"}}""", RejectionReason.WrongType)]
    [TestCase("""{"signatures":[],"signed":[]}""", RejectionReason.WrongType)]
    [TestCase("""[]""", RejectionReason.WrongType)]
    [TestCase("""{"note":1,"signatures":[],"signed":{"_type":"targets"}}""", RejectionReason.UnknownField)]
    [TestCase("""{"signatures":[],"signed":{"_type":"mirrors"}}""", RejectionReason.WrongDocument)]
    [TestCase("""{"signatures":[],"signed":{"_type":""}}""", RejectionReason.WrongDocument)]
    [Proves("R-1")]
    public void A22_File_of_another_form_is_refused(string file, RejectionReason reason) => Assert.That(Decode(Encode(file)).Reason(), Is.EqualTo(reason));

    [Test]
    [Proves("R-1")]
    public void A22_Broken_UTF8_is_refused() =>
        Assert.That(Decode([.. "{\"signatures\":[],\"signed\":{\"_type\":\""u8, 0xFF, .. "\"}}"u8]).Reason(), Is.EqualTo(RejectionReason.Malformed));

    [TestCase("", RejectionReason.ValueOutOfRange, TestName = "A16_Empty_signature_bytes_are_refused")]
    [TestCase("ABCD", RejectionReason.ValueOutOfRange, TestName = "A18_Upper_case_signature_is_refused")]
    [TestCase("abc", RejectionReason.ValueOutOfRange, TestName = "A18_Half_a_byte_is_refused")]
    [TestCase("zz", RejectionReason.ValueOutOfRange, TestName = "A18_Signature_that_is_no_hexadecimal_is_refused")]
    [Proves("R-2")]
    public void Signature_of_another_form(string hex, RejectionReason reason) =>
        Assert.That(Decode(Encode($$"""{"signatures":[{"keyid":"{{s_id}}","sig":"{{hex}}"}],"signed":{{Signed}}}""")).Reason(), Is.EqualTo(reason));

    [Test]
    [Proves("R-2")]
    public void A20_Unknown_member_beside_a_signature_is_refused() =>
        Assert.That(Decode(Encode($$"""{"signatures":[{"keyid":"{{s_id}}","method":"none","sig":"00"}],"signed":{{Signed}}}""")).Reason(), Is.EqualTo(RejectionReason.UnknownField));

    [Test]
    [Proves("R-13")]
    public void A11_Key_id_listed_twice_in_the_signatures_is_refused()
    {
        string one = $$"""{"keyid":"{{s_id}}","sig":"00"}""";
        Assert.That(Decode(Encode($$"""{"signatures":[{{one}},{{one}}],"signed":{{Signed}}}""")).Reason(), Is.EqualTo(RejectionReason.DuplicateField));
    }

    [Test]
    [Proves("R-10")]
    public void A22_More_signatures_than_the_limit_are_refused()
    {
        string many = string.Join(',', Enumerable.Range(0, DecodeLimits.Signatures + 1).Select(static i => $$"""{"keyid":"{{i:x64}}","sig":"00"}"""));
        Assert.That(Decode(Encode($$"""{"signatures":[{{many}}],"signed":{{Signed}}}""")).Reason(), Is.EqualTo(RejectionReason.LimitExceeded));
    }

    [Test]
    [Proves("R-10")]
    public void A06_File_longer_than_the_limit_is_refused()
    {
        byte[] file = SignedMetadata.Assemble(Encode(Signed), []);
        Assert.That(SignedMetadata.Decode(file, file.Length - 1, MetadataProfile.Fota).Reason(), Is.EqualTo(RejectionReason.LimitExceeded));
    }

    [Test]
    public void A31_Bytes_changed_after_decoding_change_nothing()
    {
        byte[] file = RepositorySimulator.Sign(Encode(Signed), [s_key]);
        SignedMetadata read = Decode(file).OrThrow();
        Array.Clear(file);
        Assert.That(new RoleKeys([s_key.PublicKey], 1).Check(read, "targets"), Is.Null);
    }

    [Test]
    public void Assembling_other_bytes_than_canonical_ones_is_a_defect_of_the_caller() =>
        Assert.That(() => SignedMetadata.Assemble("{ \"_type\":\"targets\"}"u8, []), Throws.ArgumentException);

    [Test]
    public void Assembling_two_signatures_of_one_key_is_a_defect_of_the_caller() =>
        Assert.That(() => RepositorySimulator.Sign(Encode(Signed), [s_key, s_key]), Throws.ArgumentException);

    private static Verdict<SignedMetadata> Decode(byte[] file) => SignedMetadata.Decode(file, 4096, MetadataProfile.Fota);

    private static byte[] Encode(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
