using Fota.Manifest.Keys;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Types;

public sealed class SmallTypeTests
{
    // SemVer 2.0.0 section 11.4's own example, in ascending order.
    private static readonly string[] s_ascending =
        ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"];

    [Test]
    public void Release_versions_order_as_SemVer_says()
    {
        ReleaseVersion[] versions = [.. s_ascending.Select(ReleaseVersion.Parse)];

        Assert.That(versions.Reverse().Order(), Is.EqualTo(versions));
    }

    [TestCase("")]
    [TestCase("1")]
    [TestCase("1.0")]
    [TestCase("01.0.0")]
    [TestCase("1.0.0+build")]
    [TestCase("1.0.0-")]
    [TestCase("1.0.0-01")]
    [TestCase("1.0.0-a..b")]
    [TestCase("1.0.0/../..")]
    [TestCase("1.0.99999999999999999999")]
    [TestCase("v1.0.0")]
    public void Text_that_is_no_release_version_is_refused(string text) =>
        Assert.That(() => ReleaseVersion.Parse(text), Throws.TypeOf<RejectedException>().With.Message.Contains("MAJOR.MINOR.PATCH"));

    [TestCase("")]
    [TestCase("Pump")]
    [TestCase("../pump")]
    [TestCase("-pump")]
    [TestCase("9pump")]
    [TestCase("targets")]
    [TestCase("root")]
    [TestCase("pump/rev")]
    public void A15_Text_that_is_no_product_name_is_refused(string text) =>
        Assert.That(() => ProductName.Parse(text), Throws.TypeOf<RejectedException>().With.Message.Contains("product name"));

    [Test]
    public void Upper_case_digest_is_refused() =>
        Assert.That(Sha256Digest.TryParse(new string('A', 64), out _), Is.False);

    [Test]
    public void Name_based_uuids_are_the_ones_of_the_SUIT_draft()
    {
        // draft-ietf-suit-manifest, examples: vendor "arm.com", class "Arm"?? -> the example's own values.
        Guid vendor = NameBasedUuid.Vendor("arm.com");

        Assert.That(vendor, Is.EqualTo(new Guid("fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe")));
    }

    [Test]
    public void A11_Key_has_one_id_whatever_its_encoding()
    {
        SoftwareKey key = SoftwareKey.EcdsaP256();

        Assert.That(VerificationKey.FromPem(key.PublicKey.ToPem()), Is.EqualTo(key.PublicKey));
    }

    [Test]
    public void A12_Key_of_an_unknown_type_is_refused()
    {
        byte[] x25519 = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00, .. new byte[32]];

        Assert.That(() => VerificationKey.FromSubjectPublicKeyInfo(x25519),
            Throws.TypeOf<RejectedException>().With.Property("Rejection").Property("Reason").EqualTo(RejectionReason.UnsupportedKey));
    }

    [Test]
    public void A12_Key_on_another_curve_is_refused()
    {
        using System.Security.Cryptography.ECDsa p521 = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP521);

        Assert.That(() => VerificationKey.FromSubjectPublicKeyInfo(p521.ExportSubjectPublicKeyInfo()),
            Throws.TypeOf<RejectedException>().With.Property("Rejection").Property("Reason").EqualTo(RejectionReason.UnsupportedKey));
    }

    [Test]
    public void A12_Key_with_explicit_curve_parameters_is_refused()
    {
        using System.Security.Cryptography.ECDsa key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        using System.Security.Cryptography.ECDsa named = System.Security.Cryptography.ECDsa.Create(key.ExportExplicitParameters(includePrivateParameters: false));

        Assert.That(() => VerificationKey.FromSubjectPublicKeyInfo(named.ExportSubjectPublicKeyInfo()),
            Throws.TypeOf<RejectedException>().With.Property("Rejection").Property("Reason").EqualTo(RejectionReason.UnsupportedKey));
    }

    [Test]
    public void Signatures_convert_to_DER_and_back([Values(64, 96)] int length)
    {
        SoftwareKey key = length == 64 ? SoftwareKey.EcdsaP256() : SoftwareKey.EcdsaP384();
        byte[] fixedForm = key.Sign("message"u8);
        byte[] back = new byte[length];

        Assert.That(EcdsaSignatureFormat.TryFromDer(EcdsaSignatureFormat.ToDer(fixedForm), back), Is.True);
        Assert.That(back, Is.EqualTo(fixedForm));
    }

    [TestCase("3006020101020101ff", TestName = "A18_DER_with_bytes_after_it_is_refused")]
    [TestCase("300702020001020101", TestName = "A18_DER_with_a_padded_integer_is_refused")]
    [TestCase("30060201ff020101", TestName = "A18_DER_with_a_negative_integer_is_refused")]
    [TestCase("3003020101", TestName = "A18_DER_with_one_integer_is_refused")]
    public void Malformed_der_is_refused(string hex) =>
        Assert.That(EcdsaSignatureFormat.TryFromDer(Convert.FromHexString(hex), new byte[64]), Is.False);
}
