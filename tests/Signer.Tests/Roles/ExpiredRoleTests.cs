using Fota.Manifest;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.TestKit;

namespace Fota.Signer.Tests.Roles;

/// <summary>Roles that nobody renewed in time: the way back is open, one role after the other.</summary>
public sealed class ExpiredRoleTests
{
    private SignerWorld _world = null!;

    [SetUp]
    public async Task CreateAsync() => _world = await SignerWorld.CreateAsync();

    [TearDown]
    public void Delete() => _world.Dispose();

    [TestCase("root", "targets", "infusion-pump")]
    [TestCase("infusion-pump", "targets", "root")]
    [Proves("R-44", "R-48")]
    public async Task A03_Roles_that_have_all_expired_are_renewed_one_after_the_other(string first, string second, string third)
    {
        await _world.ReleaseAsync("1.0.0");
        _world.Clock.Step(TimeSpan.FromDays(740));

        foreach (string role in new[] { first, second, third })
        {
            await _world.ChangeAsync($"--role {role} --renew", role switch { "root" => "root-1 root-2", "targets" => "targets", _ => "release approver" });
        }

        TrustedMetadataSet trust = Client.Update(_world);
        Assert.That(new MetadataContent[] { trust.Root, trust.Targets!, trust.Delegated(SignerWorld.Product)! }.Select(static content => content.Version), Is.All.EqualTo(2));
    }

    [Test]
    [Proves("R-44")]
    public async Task A03_Expired_product_does_not_keep_the_rest_from_staying_fresh_and_is_named()
    {
        await _world.ReleaseAsync("1.0.0");
        _world.Clock.Step(TimeSpan.FromDays(190));

        string said = (await _world.OnlineAsync()).Ok().Output;

        Assert.That(said, Does.Contain("infusion-pump 1 has expired").And.Contain("signed snapshot"));
        Verdict<TimestampMetadata> timestamp = SignedMetadata.Decode(_world.Repository.Read("metadata/timestamp.json"), 4096, MetadataProfile.Fota).OrThrow().UnverifiedTimestamp();
        Assert.That(timestamp.OrThrow().Expires, Is.GreaterThan(_world.Clock.GetUtcNow()));
    }
}
