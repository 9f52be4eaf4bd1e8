using System.Net;
using System.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Artifacts.Azure;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Artifacts;

/// <summary>What is Azure Blob Storage's own, against a real azurite.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category("Full")]
public sealed class AzureStorageTests : IDisposable
{
    private static readonly byte[] s_content = Encoding.UTF8.GetBytes("content of a release");
    private static readonly Sha256Digest s_digest = Sha256Digest.Of(s_content);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-azure-");
    private BlobSettings _settings = null!;
    private BlobContainerClient _container = null!;
    private AzureBlobs _blobs = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _settings = await (await AzuriteServer.SharedAsync).CreateContainerAsync();
        _container = AzuriteServer.Look(_settings);
        _blobs = new AzureBlobs(_container, new StorageResilience(TimeProvider.System));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Test]
    public void A31_Staged_bytes_that_changed_since_they_were_hashed_never_become_visible()
    {
        StagedContent staged = Stage(s_content);
        File.WriteAllText(staged.File, "content of another one");
        Assert.That(() => _blobs.Add(staged), Throws.InstanceOf<IOException>().With.Message.Contains(s_digest.ToString()));
        Assert.That((_blobs.Has(s_digest), _container.GetBlobs(BlobTraits.None, BlobStates.None, null, default).Count()), Is.EqualTo((false, 0)));
        File.WriteAllBytes(staged.File, s_content);
        _blobs.Add(staged);
        Assert.That(_blobs.Has(s_digest), "what was sent in vain is in nobody's way");
    }

    [Test]
    public void A_name_that_was_made_is_not_made_again_and_what_lies_there_is_proven_when_it_is_read()
    {
        _container.UploadBlob(s_digest.ToString(), new BinaryData("tampered"));
        _blobs.Add(Stage(s_content));
        Assert.That(_container.GetBlobClient(s_digest.ToString()).DownloadContent().Value.Content.ToString(), Is.EqualTo("tampered"), "If-None-Match: *");
        using CachedBlobs cached = new(_blobs);
        ContentStore content = new(cached, _folder.FullName, new ServerSeams());
        Assert.That(() => content.Read(s_digest), Throws.InstanceOf<IOException>().With.Message.Contains("do not have the digest"));
        _container.GetBlobClient(s_digest.ToString()).Upload(new BinaryData(s_content), overwrite: true);
        Assert.That(content.Read(s_digest), Is.EqualTo(s_content), "what was wrong was not kept");
    }

    [Test]
    public void What_is_stored_may_be_cached_for_ever_by_whoever_stands_in_front()
    {
        _blobs.Add(Stage(s_content));
        BlobProperties stored = _container.GetBlobClient(s_digest.ToString()).GetProperties();
        Assert.That((stored.CacheControl, stored.ContentType), Is.EqualTo(("public, max-age=31536000, immutable", "application/octet-stream")));
    }

    [Test]
    public async Task A_signed_address_reads_content_and_does_nothing_else([Values] bool byIdentity)
    {
        _blobs.Add(Stage(s_content));
        AzuriteServer azurite = await AzuriteServer.SharedAsync;
        AzureContainer container = byIdentity
            ? AzureContainer.Open(azurite.ByIdentity(_settings.Container), DeploymentLayout.Production, new StorageResilience(TimeProvider.System), new UncheckedIdentity())
            : AzuriteServer.Open(_settings);
        ReadAddresses addresses = new(new Uri($"{_container.Uri}/"), container.SignReadsAsync, TimeSpan.FromMinutes(10), TimeProvider.System);
        Assert.That(addresses.Current, Is.Null, "nothing is signed yet");
        await addresses.RenewAsync(default);
        ContentSource source = addresses.Current!;
        Assert.That(CheckInAnswer.Decode(new CheckInAnswer(null, TimeSpan.FromSeconds(5)) { Sources = [source] }.Encode()).OrThrow().Sources.Single(), Is.EqualTo(source), "devices can read it");
        using HttpClient client = await ClientAsync();
        Uri address = new(source.Address, $"{s_digest}?{source.Query}");
        Assert.That(await client.GetByteArrayAsync(address), Is.EqualTo(s_content));
        await IsRefusedAsync(client, HttpMethod.Get, new Uri(source.Address, s_digest.ToString()));
        await IsRefusedAsync(client, HttpMethod.Delete, address);
        await IsRefusedAsync(client, HttpMethod.Put, new Uri(source.Address, $"{Sha256Digest.Of("new"u8)}?{source.Query}"));
        await IsRefusedAsync(client, HttpMethod.Get, new Uri($"{_container.Uri}?restype=container&comp=list&{source.Query}"));
        Assert.That(_blobs.Has(s_digest));
    }

    [Test]
    public async Task A_signed_address_ends_and_is_made_anew_before_that()
    {
        _blobs.Add(Stage(s_content));
        ManualClock clock = new(TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(20));
        ReadAddresses addresses = new(new Uri($"{_container.Uri}/"), AzuriteServer.Open(_settings).SignReadsAsync, TimeSpan.FromMinutes(20), clock);
        await addresses.RenewAsync(default);
        ContentSource first = addresses.Current!;
        using HttpClient client = await ClientAsync();
        await IsRefusedAsync(client, HttpMethod.Get, new Uri(first.Address, $"{s_digest}?{first.Query}"));
        clock.Now += TimeSpan.FromMinutes(9);
        await addresses.RenewAsync(default);
        Assert.That(addresses.Current, Is.EqualTo(first), "good for long enough");
        clock.Now += TimeSpan.FromMinutes(1);
        await addresses.RenewAsync(default);
        Assert.That(addresses.Current, Is.Not.EqualTo(first));
        clock.Now += TimeSpan.FromMinutes(15);
        Assert.That(addresses.Current, Is.Null, "one that ends soon is not given to anybody");
    }

    [Test]
    public async Task A_storage_that_is_away_is_said_to_be_away_and_small_content_is_read_on()
    {
        await using AzuriteServer azurite = await AzuriteServer.StartAsync();
        BlobSettings settings = await azurite.CreateContainerAsync();
        AzureContainer container = AzuriteServer.Open(settings);
        using CachedBlobs blobs = new(new AzureBlobs(container.Client, new StorageResilience(TimeProvider.System)));
        StagedContent small = Stage(s_content), large = Stage(new byte[CachedBlobs.LargestKept + 1]);
        blobs.Add(small);
        blobs.Add(large);
        await (await blobs.OpenAsync(small.Digest, WantedRange.Whole, default))!.DisposeAsync();
        await using Stream begun = (await blobs.OpenAsync(large.Digest, new WantedRange(0, 1), default))!;
        await azurite.StopAsync();
        await using (Stream kept = (await blobs.OpenAsync(small.Digest, WantedRange.Whole, default))!)
        {
            Assert.That(Sha256Digest.Of(kept), Is.EqualTo(small.Digest));
        }

        begun.Position = 5;
        Assert.That(async () => await begun.ReadAsync(new byte[1]), Throws.InstanceOf<StoreUnavailableException>());
        Assert.That(() => blobs.Has(small.Digest), Throws.InstanceOf<StoreUnavailableException>());
        Assert.That(() => blobs.Add(small), Throws.InstanceOf<StoreUnavailableException>());
        Assert.That(async () => await blobs.OpenAsync(large.Digest, WantedRange.Whole, default), Throws.InstanceOf<StoreUnavailableException>());
        await azurite.RunAgainAsync();
        for (bool isBack = false; !isBack;)
        {
            try
            {
                isBack = blobs.Has(large.Digest);
            }
            catch (StoreUnavailableException)
            {
                await Task.Delay(StorageResilience.Break / 10); // nobody is asked for a while
            }
        }

        Assert.That(await begun.ReadAsync(new byte[1]), Is.EqualTo(1), "who had begun goes on");
    }

    [Test]
    public async Task A_container_that_is_not_there_or_lets_nobody_in_is_told_at_the_start()
    {
        AzuriteServer azurite = await AzuriteServer.SharedAsync;
        Assert.That(
            () => AzuriteServer.Open(azurite.ByKey("nobodys")).Check(),
            Throws.InstanceOf<ConfigurationException>().With.Message.EqualTo("blobs.container: wanted a container that is there, got nobodys"));
        string stranger = Path.Combine(_folder.FullName, "stranger");
        File.WriteAllText(stranger, $"DefaultEndpointsProtocol=https;AccountName=fota;AccountKey={Convert.ToBase64String(new byte[32])};BlobEndpoint={azurite.Address};");
        File.SetUnixFileMode(stranger, UnixFileMode.UserRead);
        Assert.That(
            () => AzuriteServer.Open(_settings with { ConnectionStringFile = stranger }).Check(),
            Throws.InstanceOf<ConfigurationException>().With.Message.StartsWith("blobs: wanted a container that lets this server in, got the content storage is away ("));
        Assert.That(() => AzuriteServer.Open(_settings).Check(), Throws.Nothing);
    }

    private StagedContent Stage(byte[] bytes)
    {
        string file = Path.Combine(_folder.FullName, Path.GetRandomFileName());
        File.WriteAllBytes(file, bytes);
        return new StagedContent(file, bytes.Length, Sha256Digest.Of(bytes));
    }

    /// <summary>A device's: it has no key, and trusts the storage's authority.</summary>
    private static Task<HttpClient> ClientAsync()
    {
        SocketsHttpHandler handler = new() { AllowAutoRedirect = false };
        handler.SslOptions.CertificateChainPolicy = new System.Security.Cryptography.X509Certificates.X509ChainPolicy
        {
            TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
            RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
            CustomTrustStore = { ServerUnderTest.ServiceCa.Certificate },
        };
        return Task.FromResult(new HttpClient(handler));
    }

    private static async Task IsRefusedAsync(HttpClient client, HttpMethod method, Uri address)
    {
        using HttpRequestMessage request = new(method, address) { Content = method == HttpMethod.Put ? new ByteArrayContent([1]) : null };
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        using HttpResponseMessage response = await client.SendAsync(request);
        Assert.That(response.StatusCode, Is.AnyOf(HttpStatusCode.Forbidden, HttpStatusCode.NotFound, HttpStatusCode.Conflict), $"{method} {address.AbsolutePath}");
    }
}
