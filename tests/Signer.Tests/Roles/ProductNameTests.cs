using Fota.Manifest.Verification;

namespace Fota.Signer.Tests.Roles;

/// <summary>A product may have any name that is one, and be it that of a file which a change of roles is made of.</summary>
[TestFixture]
public sealed class ProductNameTests
{
    [TestCase("proposal")]
    [TestCase("install")]
    [TestCase("roles")]
    public async Task Product_is_renewed_and_its_change_is_dropped_whatever_its_name(string name)
    {
        using SignerWorld world = await SignerWorld.CreateAsync(plan => plan.Replace("name: infusion-pump", $"name: {name}", StringComparison.Ordinal));
        await ReleaseAsync(world, name);

        await world.ProposeAsync($"--role {name} --renew");
        (await world.RunAsync("role", "discard", "--home", world.Home)).Ok();
        await world.ChangeAsync($"--role {name} --renew", "release approver");

        TrustedMetadataSet trust = Client.Update(path => world.Repository.Has(path) ? world.Repository.Read(path) : null, world.Repository.Read("metadata/1.root.json"), world.Clock.GetUtcNow(), name);
        Assert.That(trust.Delegated(name)!.Version, Is.EqualTo(2));
    }

    private static async Task ReleaseAsync(SignerWorld world, string product)
    {
        string[] release = ["--home", world.Home, "--product", product, "--version", "1.0.0"];
        string digest = (await world.RunAsync(["release", "create", .. release, "--security-version", "1", "--image", world.Image("1.0.0"), "--pin-file", world.PinFile("release")])).Ok().Value("manifest digest");
        (await world.RunAsync(["release", "approve", .. release, "--manifest-digest", digest, "--pin-file", world.PinFile("approver")])).Ok();
        (await world.RunAsync(["release", "publish", .. release, "--pin-file", world.PinFile("release")])).Ok();
        (await world.OnlineAsync()).Ok();
    }
}
