using Fota.Manifest.Envelope;
using Fota.Manifest.Sbom;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Sbom;

[Proves("M-38")]
public sealed class SbomTests
{
    [TestCase("1.5", SbomFormat.CycloneDx15)]
    [TestCase("1.6", SbomFormat.CycloneDx16)]
    public void CycloneDx_is_read(string version, SbomFormat format)
    {
        byte[] bytes = SampleSbom.Bytes(SampleSbom.CycloneDx.Replace("\"1.6\"", $"\"{version}\"", StringComparison.Ordinal));
        SbomDocument sbom = SbomDocument.Decode(bytes).IsAccepted();
        Assert.That((sbom.Format, sbom.Name, sbom.Version, sbom.Components, sbom.Digest), Is.EqualTo((format, "infusion-pump", "1.0.0", 3, Sha256Digest.Of(bytes))));
    }

    [Test]
    public void Spdx_is_read()
    {
        SbomDocument sbom = SbomDocument.Decode(SampleSbom.Bytes(SampleSbom.Spdx)).IsAccepted();
        Assert.That((sbom.Format, sbom.Name, sbom.Version, sbom.Components), Is.EqualTo((SbomFormat.Spdx23, "infusion-pump-1.0.0", (string?)null, 1)));
    }

    [TestCase(SampleSbom.CycloneDx, "infusion-pump", "1.0.0", false)]
    [TestCase(SampleSbom.CycloneDx, "infusion-pump", "1.0.1", true)]
    [TestCase(SampleSbom.CycloneDx, "ventilator", "1.0.0", true)]
    [TestCase(SampleSbom.Spdx, "infusion-pump", "1.0.0", false)]
    [TestCase(SampleSbom.Spdx, "infusion-pump", "1.0.1", true)]
    public void Bill_of_another_product_or_version_is_told(string document, string product, string version, bool isOfAnother) =>
        Assert.That(SbomDocument.Decode(SampleSbom.Bytes(document)).IsAccepted().IsOfAnother(ProductName.Parse(product), ReleaseVersion.Parse(version)), Is.EqualTo(isOfAnother));

    [Test]
    public void Name_in_a_bill_cannot_write_to_the_terminal()
    {
        string forged = SampleSbom.CycloneDx.Replace("\"name\": \"infusion-pump\"", "\"name\": \"pump\\u001b[2K\\nverified\\u202e" + new string('x', 500) + "\"", StringComparison.Ordinal);
        Assert.That(SbomDocument.Decode(SampleSbom.Bytes(forged)).IsAccepted().Subject, Does.StartWith("pump?[2K?verified?xxx").And.Length.EqualTo(128));
    }

    [TestCase("\"CycloneDX\"", "\"SWID\"", RejectionReason.WrongDocument)]
    [TestCase("\"1.6\"", "\"1.4\"", RejectionReason.WrongDocument)]
    [TestCase("\"1.6\"", "1.6", RejectionReason.WrongType)]
    [TestCase("\"bomFormat\"", "\"format\"", RejectionReason.MissingField)]
    [TestCase("\"name\": \"crc32.c\"", "\"nom\": \"crc32.c\"", RejectionReason.MissingField)]
    [TestCase("\"name\": \"zlib\"", "\"name\": null", RejectionReason.WrongType)]
    [TestCase("\"type\": \"firmware\", \"name\": \"infusion-pump\"", "\"type\": \"firmware\"", RejectionReason.MissingField)]
    [TestCase("\"version\": 1,", "\"version\": 1, \"version\": 2,", RejectionReason.Malformed)]
    [TestCase("\"components\": [ {", "\"components\": [ {{", RejectionReason.Malformed)]
    [TestCase("\"components\": [ {", "\"components\": { \"x\": [ {", RejectionReason.Malformed)]
    public void CycloneDx_that_is_none_is_refused(string wanted, string got, RejectionReason reason) => Decode(SampleSbom.CycloneDx, wanted, got).IsRefusedFor(reason);

    [TestCase("SPDX-2.3", "SPDX-2.2", RejectionReason.WrongDocument)]
    [TestCase("SPDXRef-DOCUMENT", "SPDXRef-Other", RejectionReason.WrongDocument)]
    [TestCase("\"dataLicense\": \"CC0-1.0\",", "", RejectionReason.MissingField)]
    [TestCase("\"documentNamespace\"", "\"namespace\"", RejectionReason.MissingField)]
    [TestCase("\"creators\": [\"Tool: build\"]", "\"creators\": [1]", RejectionReason.WrongType)]
    [TestCase("\"downloadLocation\"", "\"location\"", RejectionReason.MissingField)]
    public void Spdx_that_is_none_is_refused(string wanted, string got, RejectionReason reason) => Decode(SampleSbom.Spdx, wanted, got).IsRefusedFor(reason);

    [Test]
    public void A53_Document_beyond_the_limits_is_refused()
    {
        SbomDocument.Decode(new byte[SbomDocument.MaxBytes + 1]).IsRefusedFor(RejectionReason.LimitExceeded);
        string many = string.Concat(Enumerable.Repeat("{\"type\":\"file\",\"name\":\"a\"},", SbomDocument.MaxComponents + 1));
        Decode(SampleSbom.CycloneDx, "{ \"type\": \"library\"", many + "{ \"type\": \"library\"").IsRefusedFor(RejectionReason.LimitExceeded);
        Decode(SampleSbom.CycloneDx, "\"version\": 1,", "\"x\": " + new string('[', 70) + new string(']', 70) + ",").IsRefusedFor(RejectionReason.Malformed);
    }

    [Test]
    public void Text_that_is_not_Unicode_is_refused() => Decode(SampleSbom.CycloneDx, "\"zlib\"", "\"\\ud800\"").IsRefusedFor(RejectionReason.Malformed);

    [Test]
    public void Digest_that_is_bound_into_a_manifest_is_read_and_none_is_no_byte_more()
    {
        UpdateManifest without = SampleRelease.Create().Manifest, with = without with { SbomDigest = Sha256Digest.Of("bill"u8), GateOverride = GateOverride.Parse("power") };
        UpdateManifest read = SignedEnvelope.Decode(SignedEnvelope.Begin(with).Bytes.Span).OrThrow().UnverifiedContent().OrThrow();
        Assert.That(read, Is.EqualTo(with));
        Assert.That(SignedEnvelope.Decode(SignedEnvelope.Begin(without).Bytes.Span).OrThrow().UnverifiedContent().OrThrow().SbomDigest, Is.Null);
    }

    private static Verdict<SbomDocument> Decode(string text, string wanted, string got)
    {
        string edited = text.Replace(wanted, got, StringComparison.Ordinal);
        Assert.That(edited, Is.Not.EqualTo(text), "the edit changes nothing");
        return SbomDocument.Decode(SampleSbom.Bytes(edited));
    }
}
