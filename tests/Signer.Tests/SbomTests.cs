using Fota.Manifest;
using Fota.Manifest.Sbom;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>A release's bill of materials is bound into what its author and its approver sign.</summary>
[TestFixture]
[Proves("M-38")]
public sealed class SbomTests
{
    [Test]
    public async Task Bill_of_materials_goes_from_the_author_into_the_repository_and_nobody_can_exchange_it()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await File.WriteAllTextAsync(world.PathOf("sbom"), SampleSbom.CycloneDx);
        Sha256Digest digest = Sha256Digest.Of(SampleSbom.Bytes(SampleSbom.CycloneDx));
        CommandResult created = (await CreateAsync(world, "1.0.0", "--sbom", world.PathOf("sbom"))).Ok();
        Assert.That(created.Value("SBOM"), Is.EqualTo($"CycloneDx16, 3 components of infusion-pump 1.0.0, digest {digest}"));
        string manifest = created.Value("manifest digest");

        await File.WriteAllTextAsync(world.Draft("1.0.0", "sbom.json"), SampleSbom.Spdx);
        (await world.ApproveAsync("1.0.0", manifest)).Refused($"draft: SBOM: wanted {digest}");
        await File.WriteAllTextAsync(world.Draft("1.0.0", "sbom.json"), "{}");
        (await world.ApproveAsync("1.0.0", manifest)).Refused("MissingField: \"bomFormat\"");
        await File.WriteAllTextAsync(world.Draft("1.0.0", "sbom.json"), SampleSbom.CycloneDx);
        CommandResult approved = (await world.ApproveAsync("1.0.0", manifest)).Ok();
        Assert.That((approved.Value("SBOM"), approved.Output.Contains("WARNING", StringComparison.Ordinal)), Is.EqualTo((created.Value("SBOM"), false)));
        await File.WriteAllTextAsync(world.Draft("1.0.0", "sbom.json"), SampleSbom.Spdx);
        (await world.PublishAsync("1.0.0")).Refused($"draft: SBOM: wanted {digest}");
        await File.WriteAllTextAsync(world.Draft("1.0.0", "sbom.json"), SampleSbom.CycloneDx);
        (await world.PublishAsync("1.0.0")).Ok();
        (await world.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(world, "1.0.0").Content.SbomDigest, Is.EqualTo(digest));
        Assert.That(SbomDocument.Decode(world.Repository.Read($"sboms/{digest}")).OrThrow().Name, Is.EqualTo("infusion-pump"));

        (await world.ReleaseAsync("reissue", "1.0.0", "release")).Ok();
        Assert.That(await File.ReadAllTextAsync(world.Draft("1.0.0", "sbom.json")), Is.EqualTo(SampleSbom.CycloneDx));
    }

    [Test]
    public async Task Product_that_demands_a_bill_of_materials_has_no_release_without()
    {
        using SignerWorld world = await SignerWorld.CreateAsync(static plan => plan.Replace("    threshold: 2\n", "    threshold: 2\n    sbom: required\n", StringComparison.Ordinal));
        (await CreateAsync(world, "1.0.0")).Refused("wanted an SBOM with each release (--sbom FILE), got none");
        await File.WriteAllTextAsync(world.PathOf("sbom"), "not JSON");
        (await CreateAsync(world, "1.0.0", "--sbom", world.PathOf("sbom"))).Refused("Malformed: SBOM");
        await File.WriteAllTextAsync(world.PathOf("sbom"), SampleSbom.Spdx);
        string digest = (await CreateAsync(world, "1.0.0", "--sbom", world.PathOf("sbom"))).Ok().Value("manifest digest");
        (await world.ApproveAsync("1.0.0", digest)).Ok();
    }

    [Test]
    public async Task Approver_is_warned_of_a_bill_of_another_release()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await File.WriteAllTextAsync(world.PathOf("sbom"), SampleSbom.CycloneDx);
        string digest = (await CreateAsync(world, "1.1.0", "--sbom", world.PathOf("sbom"))).Ok().Value("manifest digest");
        Assert.That((await world.ApproveAsync("1.1.0", digest)).Ok().Value("WARNING"), Is.EqualTo("the SBOM says it is of infusion-pump 1.0.0, the release is infusion-pump 1.1.0"));
    }

    private static Task<CommandResult> CreateAsync(SignerWorld world, string version, params string[] further) =>
        world.ReleaseAsync("create", version, "release", ["--security-version", "1", "--image", world.Image(version), .. further]);
}
