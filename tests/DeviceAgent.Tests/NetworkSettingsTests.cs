using Fota.DeviceAgent.Configuration;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>The section "network" of agent.json.</summary>
[Proves("N-1")]
public sealed class NetworkSettingsTests
{
    private DirectoryInfo _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("fota-network-");

    [TearDown]
    public void RemoveFolder() => _folder.Delete(recursive: true);

    [Test]
    public void Without_the_section_the_defaults_hold()
    {
        NetworkSettings settings = Load("{}");
        Assert.That(settings, Is.EqualTo(NetworkSettings.Default));
        Assert.That((settings.Proxy, settings.Limits.MaxBytesPerSecond, settings.Retries, settings.PollJitter), Is.EqualTo(((Uri?)null, (long?)null, 4, 0.1)));
        Assert.That((settings.MaxRetryAfter, settings.Limits.DocumentDeadline), Is.EqualTo((TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(10))));
        Assert.That((settings.Repositories.Count, settings.StorageAuthority, settings.StorageAddresses.Count), Is.EqualTo((0, (string?)null, 0)));
    }

    [Test]
    public void Every_member_is_read()
    {
        NetworkSettings settings = Load("""
            {"network": {
              "proxy": "http://10.1.2.3:3128",
              "repositories": [ { "address": "https://cdn.example/fota" }, { "address": "https://cache.example/", "ca": "cache-ca.pem", "showCertificate": true } ],
              "storageCa": "storage-ca.pem", "storageAddresses": [ "https://account.blob.example/fota/", "https://cdn.example/" ],
              "maxBytesPerSecond": 65536, "documentSeconds": 120, "retries": 8, "maxRetryAfterSeconds": 3600, "pollJitterPercent": 25
            }}
            """);
        Assert.That(settings.Proxy, Is.EqualTo(new Uri("http://10.1.2.3:3128/")));
        Assert.That(settings.Repositories, Is.EqualTo(new[]
        {
            new MirrorSettings(new Uri("https://cdn.example/fota/"), null, ShowsCertificate: false),
            new MirrorSettings(new Uri("https://cache.example/"), Path.Combine(_folder.FullName, "cache-ca.pem"), ShowsCertificate: true),
        }));
        Assert.That(settings.StorageAuthority, Is.EqualTo(Path.Combine(_folder.FullName, "storage-ca.pem")));
        Assert.That(settings.StorageAddresses, Is.EqualTo(new[] { new Uri("https://account.blob.example/fota/"), new Uri("https://cdn.example/") }));
        Assert.That((settings.Limits.MaxBytesPerSecond, settings.Retries, settings.PollJitter), Is.EqualTo(((long?)65536, 8, 0.25)));
        Assert.That((settings.MaxRetryAfter, settings.Limits.DocumentDeadline), Is.EqualTo((TimeSpan.FromHours(1), TimeSpan.FromMinutes(2))));
    }

    [TestCase("null", "network: wanted an object")]
    [TestCase("{\"porxy\":\"http://10.1.2.3/\"}", "porxy: no such setting")]
    [TestCase("{\"proxy\":null}", "proxy: wanted a text")]
    [TestCase("{\"proxy\":\"https://10.1.2.3/\"}", "proxy: wanted an http address of host and port")]
    [TestCase("{\"proxy\":\"http://user:secret@10.1.2.3/\"}", "proxy: wanted an http address of host and port")]
    [TestCase("{\"proxy\":\"http://10.1.2.3/path\"}", "proxy: wanted an http address of host and port")]
    [TestCase("{\"repositories\":{}}", "repositories: wanted a list of objects")]
    [TestCase("{\"repositories\":[\"https://cdn.example/\"]}", "repositories: wanted a list of objects")]
    [TestCase("{\"repositories\":[{\"address\":\"http://cdn.example/\"}]}", "address: wanted an https address")]
    [TestCase("{\"repositories\":[{\"address\":\"https://cdn.example/\",\"showCertificate\":1}]}", "showCertificate: wanted true or false")]
    [TestCase("{\"repositories\":[{\"address\":\"https://cdn.example/\",\"insecure\":true}]}", "insecure: no such setting")]
    [TestCase("{\"storageCa\":\"ca.pem\"}", "storageAddresses: wanted it beside storageCa, and not without")]
    [TestCase("{\"storageAddresses\":[\"https://a/\"]}", "storageAddresses: wanted it beside storageCa, and not without")]
    [TestCase("{\"storageCa\":\"ca.pem\",\"storageAddresses\":[]}", "storageAddresses: wanted one address at least")]
    [TestCase("{\"storageCa\":\"ca.pem\",\"storageAddresses\":\"https://a/\"}", "storageAddresses: wanted a list of texts")]
    [TestCase("{\"storageCa\":\"ca.pem\",\"storageAddresses\":[\"http://a/\"]}", "storageAddresses: wanted https addresses that end in '/', without a query")]
    [TestCase("{\"storageCa\":\"ca.pem\",\"storageAddresses\":[\"https://a/fota\"]}", "storageAddresses: wanted https addresses that end in '/', without a query")]
    [TestCase("{\"storageCa\":\"ca.pem\",\"storageAddresses\":[\"https://a/?sig=x\"]}", "storageAddresses: wanted https addresses that end in '/', without a query")]
    [TestCase("{\"maxBytesPerSecond\":2047}", "maxBytesPerSecond: wanted a whole number from 2048 to 2147483647")]
    [TestCase("{\"documentSeconds\":0}", "documentSeconds: wanted a whole number from 10 to 86400")]
    [TestCase("{\"retries\":0}", "retries: wanted a whole number from 1 to 100")]
    [TestCase("{\"maxRetryAfterSeconds\":\"60\"}", "maxRetryAfterSeconds: wanted a number")]
    [TestCase("{\"pollJitterPercent\":101}", "pollJitterPercent: wanted a whole number from 0 to 100")]
    public void P10_Wrong_member_is_refused_by_name(string section, string wanted) =>
        Assert.That(() => Load($"{{\"network\":{section}}}"), Throws.TypeOf<SettingsException>().With.Message.EndsWith(": " + wanted));

    private NetworkSettings Load(string json)
    {
        string path = Path.Combine(_folder.FullName, "agent.json");
        File.WriteAllText(path, json);
        return SettingsFile.Load(path, NetworkSettings.Read);
    }
}
