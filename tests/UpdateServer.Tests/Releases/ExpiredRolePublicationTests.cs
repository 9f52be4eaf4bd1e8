using System.Net;
using Fota.Manifest;
using Fota.TestKit;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Releases;

/// <summary>The infusion pump's role has expired, and nobody renewed it; the ventilator's is good.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ExpiredRolePublicationTests : IAsyncDisposable
{
    private const string Ventilator = "ventilator";

    private ServerUnderTest _server = null!;

    private RepositorySimulator Repository => _server.Source.Repository;

    [SetUp]
    public async Task PublishBothAndLetOneExpire()
    {
        _server = await ServerUnderTest.StartAsync();
        Repository.Pump.Expires = Repository.Now.AddDays(2);
        _server.Source.Add(SampleRelease.Create());
        SimulatedProduct ventilator = Repository.AddProduct(Ventilator);
        ventilator.Expires = Repository.Now.AddDays(20);
        AddRelease(ventilator, "1.0.0", 1);
        Assert.That(await PublishedAsync(), Is.EquivalentTo(["infusion-pump 1.1.0", "ventilator 1.0.0"]));
        _server.Clock.Now += TimeSpan.FromDays(3);
    }

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Test]
    [Proves("R-44")]
    public async Task A03_Expired_product_keeps_no_other_from_publishing_and_lists_nothing_itself_until_it_is_renewed()
    {
        AddRelease(Repository.Products[1], "1.1.0", 2);
        Assert.That(await PublishedAsync(), Is.EquivalentTo(["ventilator 1.0.0", "ventilator 1.1.0"]));

        Repository.Pump.Expires = Repository.Now.AddDays(20);
        Repository.Publish();
        Assert.That(await PublishedAsync(), Is.EquivalentTo(["infusion-pump 1.1.0", "ventilator 1.0.0", "ventilator 1.1.0"]));
    }

    [Test]
    [Proves("R-44")]
    public async Task A09_Expired_role_below_its_threshold_is_refused_all_the_same()
    {
        Repository.Pump.Signers = [Repository.Pump.Keys[0]];
        AddRelease(Repository.Products[1], "1.1.0", 2);
        using HttpResponseMessage response = await _server.PublishAsync();
        await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.UnprocessableEntity, nameof(RejectionReason.ThresholdNotMet));
    }

    private void AddRelease(SimulatedProduct product, string version, ulong sequence)
    {
        SampleRelease release = SampleRelease.Create(version, sequence);
        _server.Source.Put(release);
        Repository.AddTarget(RepositorySimulator.PathOf(version, product.Name), release.SignedBy([.. product.Keys]).Bytes.ToArray(), product);
        Repository.Publish();
    }

    private async Task<string[]> PublishedAsync()
    {
        using HttpResponseMessage response = await _server.PublishAsync();
        await ServerUnderTest.ReadAsync(response, HttpStatusCode.OK);
        using HttpResponseMessage releases = await _server.Operator.GetAsync("/api/v1/releases");
        return [.. (await ServerUnderTest.ReadAsync(releases, HttpStatusCode.OK)).EnumerateArray().Select(static release => $"{release.GetProperty("product").GetString()} {release.GetProperty("version").GetString()}")];
    }
}
