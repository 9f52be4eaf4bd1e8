using Fota.Interop.Posix;
using System.Net;
using System.Text.Json.Nodes;
using Fota.TestKit;
using Fota.UpdateServer.Artifacts.Azure;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Configuration;

public sealed class SettingsTests
{
    private const string Production = """
        {
          "layout": "production", "listen": "127.0.0.1:8443", "data": "state", "trustedRoot": "root.json", "deviceCa": "device-ca.pem", "checkInSeconds": 60,
          "tls": {
            "certificate": "server.pem", "pkcs11Module": "/usr/lib/softhsm/libsofthsm2.so", "tokenLabel": "server", "keyLabel": "server-tls", "pinFile": "server.pin",
            "soPinFile": "server.so-pin", "subjectAltNames": ["IP:127.0.0.1", "DNS:localhost"]
          }
        }
        """;

    private DirectoryInfo _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("fota-settings-");

    [TearDown]
    public void RemoveFolder() => _folder.Delete(recursive: true);

    [Test]
    public void A_production_configuration_is_read_with_paths_relative_to_it()
    {
        ServerSettings settings = Read(Production);
        Assert.That(settings.Layout, Is.EqualTo(DeploymentLayout.Production));
        Assert.That(settings.Listen, Is.EqualTo(new IPEndPoint(IPAddress.Loopback, 8443)));
        Assert.That(settings.DataDirectory, Is.EqualTo(Path.Combine(_folder.FullName, "state")));
        Assert.That(settings.CheckIn, Is.EqualTo(TimeSpan.FromMinutes(1)));
        Assert.That(settings.Tls.PinFile, Is.EqualTo(Path.Combine(_folder.FullName, "server.pin")));
        Assert.That(settings.Tls.Pkcs11Module, Is.EqualTo("/usr/lib/softhsm/libsofthsm2.so"));
    }

    [Test]
    public void A45_Whether_rollouts_need_a_second_person_is_said_plainly_or_refused()
    {
        Assert.That(Read(Edit(static c => c["rolloutApproval"] = "none")).RolloutApproval, Is.EqualTo(RolloutApproval.NotRequired));
        Assert.That(Read(Edit(static c => c["rolloutApproval"] = "required")).RolloutApproval, Is.EqualTo(RolloutApproval.Required));
        IsRefused(Edit(static c => c["rolloutApproval"] = "yes"), "rolloutApproval: wanted required or none, got neither");
    }

    [Test]
    public void A45_Where_the_settings_say_nothing_of_it_production_needs_a_second_person_and_a_workbench_none()
    {
        Assert.That(Read(Production).RolloutApproval, Is.EqualTo(RolloutApproval.Required));
        Assert.That(Read(Edit(static c => c["layout"] = "development")).RolloutApproval, Is.EqualTo(RolloutApproval.NotRequired));
    }

    [Test]
    public void Keys_of_data_at_rest_are_read_or_refused()
    {
        Assert.That(Read(Production).AtRestKeyFiles, Is.Null);
        ServerSettings settings = Read(Edit(static c => c["atRest"] = new JsonObject { ["keys"] = new JsonArray("current.key", "old.key") }));
        Assert.That(settings.AtRestKeyFiles, Is.EqualTo(new[] { Path.Combine(_folder.FullName, "current.key"), Path.Combine(_folder.FullName, "old.key") }));
        IsRefused(Edit(static c => c["atRest"] = new JsonObject()), "atRest.keys: wanted, got none");
        IsRefused(Edit(static c => c["atRest"] = new JsonObject { ["keys"] = new JsonArray() }), "atRest.keys: wanted 1 to 8 files, got 0");
    }

    [Test]
    [Proves("U-40", "U-45")]
    public void Authorities_are_read_each_with_its_products_and_lists_or_refused()
    {
        ServerSettings settings = Read(Edit(static c =>
        {
            c.Remove("deviceCa");
            c["deviceCas"] = new JsonArray(new JsonObject { ["certificates"] = "pumps.pem", ["products"] = new JsonArray("infusion-pump"), ["crl"] = new JsonArray("pumps.crl"), ["crlGraceDays"] = 2 });
            c["operatorCa"] = new JsonObject { ["certificates"] = "people.pem" };
        }));
        AuthoritySettings pumps = settings.DeviceCas.Single();
        Assert.That(pumps.CertificatesFile, Is.EqualTo(Path.Combine(_folder.FullName, "pumps.pem")));
        Assert.That((pumps.Products, pumps.CrlFiles, pumps.CrlGraceDays), Is.EqualTo((new[] { "infusion-pump" }, new[] { Path.Combine(_folder.FullName, "pumps.crl") }, 2)));
        Assert.That((settings.OperatorCa!.CrlFiles, settings.OperatorCa.CrlGraceDays), Is.EqualTo((Array.Empty<string>(), 0)));
        IsRefused(Edit(static c => c["deviceCas"] = new JsonArray(new JsonObject { ["certificates"] = "pumps.pem" })), "deviceCa: wanted this, or deviceCas with at least one authority, got both or neither");
        IsRefused(Edit(static c => c.Remove("deviceCa")), "deviceCa: wanted this, or deviceCas with at least one authority, got both or neither");
        IsRefused(Edit(static c => c["operatorCa"] = new JsonObject { ["certificates"] = "people.pem", ["products"] = new JsonArray("infusion-pump") }), "operatorCa.products: wanted one of certificates, crl, crlGraceDays, got an unknown member");
        IsRefused(Edit(static c => c["operatorCa"] = new JsonObject { ["certificates"] = "people.pem", ["crlGraceDays"] = 3 }), "operatorCa.crlGraceDays: wanted crl beside it, got none");
        IsRefused(Edit(static c => c["operatorCa"] = new JsonObject { ["certificates"] = "people.pem", ["crl"] = new JsonArray("a"), ["crlGraceDays"] = -1 }), "operatorCa.crlGraceDays: wanted 0 to 365, got -1");
        IsRefused(Edit(static c => (c["deviceCas"], _) = (new JsonArray(new JsonObject { ["certificates"] = "pumps.pem", ["products"] = new JsonArray() }), c.Remove("deviceCa"))), "deviceCas[0].products: wanted names of products");
    }

    [Test]
    public void P7_Unsafe_key_file_is_refused_in_production() =>
        IsRefused(Edit(static c => c["tls"] = new JsonObject { ["certificate"] = "server.pem", ["unsafeKeyFile"] = "key.pem" }), "tls.unsafeKeyFile: wanted a key in a token");

    [Test]
    public async Task P7_Unsafe_key_file_is_refused_in_production_at_every_start()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        await server.StopAsync();
        Assert.That(
            async () => await FotaServer.StartAsync(server.Settings with { Layout = DeploymentLayout.Production }, server.Clock),
            Throws.TypeOf<ConfigurationException>().With.Message.StartsWith("tls.unsafeKeyFile: wanted a key in a token"));
    }

    [Test]
    public void P7_Unsafe_key_file_is_taken_in_development() =>
        Assert.That(Read(Edit(static c => (c["layout"], c["tls"]) = ("development", new JsonObject { ["certificate"] = "server.pem", ["unsafeKeyFile"] = "key.pem" }))).Tls.UnsafeKeyFile, Does.EndWith("key.pem"));

    [Test]
    public void P10_A_layout_that_is_missing_is_refused() => IsRefused(Edit(static c => c.Remove("layout")), "layout: wanted, got none");

    [Test]
    public void P10_Another_layout_is_refused() => IsRefused(Edit(static c => c["layout"] = "staging"), "layout: wanted production or development");

    [Test]
    public void P10_An_unknown_member_is_refused() => IsRefused(Edit(static c => c["tls"]!["verify"] = false), "tls.verify: wanted one of certificate, keyLabel");

    [Test]
    public void P10_A_member_twice_is_refused() => IsRefused(Production.Replace("\"layout\"", "\"layout\": \"development\", \"layout\"", StringComparison.Ordinal), "wanted JSON");

    [Test]
    public void P10_A_value_of_another_type_is_refused() => IsRefused(Edit(static c => c["checkInSeconds"] = "60"), "checkInSeconds: wanted a JSON number");

    [Test]
    public void P10_A_value_out_of_range_is_refused() => IsRefused(Edit(static c => c["checkInSeconds"] = 0), "checkInSeconds: wanted 1 to 604800, got 0");

    [Test]
    public void P10_Half_a_token_is_refused() => IsRefused(Edit(static c => ((JsonObject)c["tls"]!).Remove("pinFile")), "tls: wanted pkcs11Module, tokenLabel, keyLabel and pinFile");

    [Test]
    public void P10_Another_kind_of_name_is_refused() => IsRefused(Edit(static c => c["tls"]!["subjectAltNames"] = new JsonArray("localhost")), "tls.subjectAltNames: wanted DNS:NAME");

    [Test]
    [Proves("I-16")]
    public void Grace_for_expired_certificates_is_none_unless_it_is_said()
    {
        Assert.That(Read(Production).ExpiredCertificates, Is.SameAs(ExpiredCertificatePolicy.Refuse));
        ServerSettings settings = Read(Edit(static c => (c["expiredDeviceCertificates"], c["enrolmentRetrySeconds"]) = (JsonNode.Parse("""{"graceDays": 30, "allow": ["reenrol"]}"""), 600)));
        Assert.That((settings.ExpiredCertificates.Grace, settings.EnrolmentRetry), Is.EqualTo((TimeSpan.FromDays(30), TimeSpan.FromMinutes(10))));
        Assert.That(settings.ExpiredCertificates.Allowed, Is.EqualTo(new[] { CertificateUse.Reenrolment }));
    }

    [TestCase("""{"graceDays": 30}""", "expiredDeviceCertificates.allow: wanted, got none")]
    [TestCase("""{"allow": ["updates"]}""", "expiredDeviceCertificates.graceDays: wanted, got none")]
    [TestCase("""{"graceDays": 0, "allow": ["updates"]}""", "expiredDeviceCertificates.graceDays: wanted 1 to 3650, got 0")]
    [TestCase("""{"graceDays": 30, "allow": []}""", "expiredDeviceCertificates.allow: wanted updates, reenrol or both")]
    [TestCase("""{"graceDays": 30, "allow": ["everything"]}""", "expiredDeviceCertificates.allow: wanted updates, reenrol or both")]
    [TestCase("""{"graceDays": 30, "allow": ["updates", "updates"]}""", "expiredDeviceCertificates.allow: wanted updates, reenrol or both")]
    [TestCase("""{"graceDays": 30, "allow": ["updates"], "forever": true}""", "expiredDeviceCertificates.forever: wanted one of allow, graceDays")]
    [Proves("I-16")]
    public void P10_Grace_that_is_not_wholly_said_is_refused(string policy, string message) => IsRefused(Edit(c => c["expiredDeviceCertificates"] = JsonNode.Parse(policy)), message);

    [TestCase("[]")]
    [TestCase("{")]
    [TestCase("")]
    public void P10_What_is_no_JSON_object_is_refused(string json) => IsRefused(json, "wanted");

    [Test]
    public void A_database_is_sqlite_unless_it_is_said()
    {
        Assert.That(Read(Production).Database, Is.Null);
        Assert.That(Read(Edit(static c => c["database"] = JsonNode.Parse("""{"kind": "sqlite"}"""))).Database, Is.Null);
        DatabaseSettings database = Read(Database("""{"kind": "postgresql", "connection": "Host=/run/postgresql;Username=fota", "passwordFile": "db", "content": "shared"}""")).Database!;
        Assert.That((database.PasswordFile, database.ContentDirectory), Is.EqualTo((Path.Combine(_folder.FullName, "db"), Path.Combine(_folder.FullName, "shared"))));
    }

    [TestCase("Host=localhost")]
    [TestCase("Host=127.0.0.1")]
    [TestCase("Host=/run/postgresql")]
    [TestCase("Host=db.example;SSL Mode=VerifyFull")]
    public void A_database_on_this_machine_or_behind_a_verified_certificate_is_taken_in_production(string connection) =>
        Assert.That(Read(Over(connection)).Database!.Connection, Is.EqualTo(connection));

    [TestCase("Host=db.example")]
    [TestCase("Host=db.example;SSL Mode=Require")]
    [TestCase("Host=localhost,db.example")]
    [TestCase("Host=localhost.example")]
    public void P10_A_database_elsewhere_without_a_verified_certificate_is_refused_in_production(string connection) =>
        IsRefused(Over(connection), "database.connection: wanted SSL Mode=VerifyFull");

    [TestCase("Host=localhost;Password=secret")]
    [TestCase("Host=localhost;Passfile=/etc/passfile")]
    public void P10_A_password_in_the_connection_string_is_refused(string connection) => IsRefused(Over(connection), "database.connection: wanted no password in it");

    [TestCase("""{"kind": "oracle", "connection": "x"}""", "database.kind: wanted sqlite or postgresql")]
    [TestCase("""{"kind": "postgresql"}""", "database.connection: wanted, got none")]
    [TestCase("""{"kind": "postgresql", "connection": "Username=fota"}""", "database.connection: wanted Host=")]
    [TestCase("""{"kind": "postgresql", "connection": "Hots=localhost"}""", "database.connection: wanted a connection string of Npgsql")]
    [TestCase("""{"kind": "sqlite", "connection": "Host=localhost"}""", "database.connection: wanted one of kind")]
    public void P10_A_database_that_is_not_wholly_said_is_refused(string database, string message) => IsRefused(Database(database), message);

    [Test]
    public void Content_lies_in_files_unless_it_is_said()
    {
        Assert.That((Read(Production).Blobs, Read(Blobs("""{"kind": "files"}""")).Blobs), Is.EqualTo(((BlobSettings?)null, (BlobSettings?)null)));
        BlobSettings blobs = Read(Blobs("""{"kind": "azure", "account": "https://a.blob.core.windows.net/", "container": "fota"}""")).Blobs!;
        Assert.That((blobs.Account!.Host, blobs.Container, blobs.Reads, blobs.ReadTime, blobs.ReadAddress), Is.EqualTo(("a.blob.core.windows.net", "fota", ReadWay.SignedAddress, TimeSpan.FromHours(1), (Uri?)null)));
        blobs = Read(Blobs("""{"kind": "azure", "connectionString": "storage", "container": "fota", "authorities": "ca.pem", "reads": "public", "readMinutes": 10, "readAddress": "https://cdn.example/fota/"}""")).Blobs!;
        Assert.That((blobs.ConnectionStringFile, blobs.AuthoritiesFile), Is.EqualTo((Path.Combine(_folder.FullName, "storage"), Path.Combine(_folder.FullName, "ca.pem"))));
        Assert.That((blobs.Reads, blobs.ReadTime, blobs.ReadAddress), Is.EqualTo((ReadWay.PublicAddress, TimeSpan.FromMinutes(10), new Uri("https://cdn.example/fota/"))));
    }

    [TestCase("""{"kind": "s3", "container": "fota"}""", "blobs.kind: wanted files or azure")]
    [TestCase("""{"kind": "azure", "container": "fota"}""", "blobs.account: wanted this, for the machine's identity, or connectionString, got both or neither")]
    [TestCase("""{"kind": "azure", "account": "https://a/", "connectionString": "x", "container": "fota"}""", "blobs.account: wanted this, for the machine's identity, or connectionString, got both or neither")]
    [TestCase("""{"kind": "azure", "account": "http://a/", "container": "fota"}""", "blobs.account: wanted an https address without a query")]
    [TestCase("""{"kind": "azure", "account": "https://a/?sp=racwd&sig=x", "container": "fota"}""", "blobs.account: wanted an https address without a query, got another")]
    [TestCase("""{"kind": "azure", "account": "https://a/", "container": "fota", "reads": "public"}""", "blobs.readAddress: wanted it with reads public, got none")]
    [TestCase("""{"kind": "azure", "connectionString": "x", "clientId": "y", "container": "fota"}""", "blobs.clientId: wanted account beside it")]
    [TestCase("""{"kind": "azure", "account": "https://a/", "container": "Fota"}""", "blobs.container: wanted 3 to 63 of")]
    [TestCase("""{"kind": "azure", "account": "https://a/", "container": "fota", "reads": "yes"}""", "blobs.reads: wanted signed, public or server")]
    [TestCase("""{"kind": "azure", "account": "https://a/", "container": "fota", "readMinutes": 9}""", "blobs.readMinutes: wanted 10 to 1440, got 9")]
    [TestCase("""{"kind": "azure", "account": "https://a/", "container": "fota", "readAddress": "https://cdn.example/fota"}""", "blobs.readAddress: wanted an https address of at most 256 characters that ends in '/'")]
    [TestCase("""{"kind": "azure", "account": "https://a/", "container": "fota", "key": "x"}""", "blobs.key: wanted one of")]
    public void P10_A_storage_that_is_not_wholly_said_is_refused(string blobs, string message) => IsRefused(Blobs(blobs), message);

    [Test]
    public void P10_Content_in_a_folder_and_in_a_storage_is_refused() => IsRefused(
        Edit(static c =>
        {
            c["database"] = JsonNode.Parse("""{"kind": "postgresql", "connection": "Host=localhost", "content": "shared"}""");
            c["blobs"] = JsonNode.Parse("""{"kind": "azure", "account": "https://a/", "container": "fota"}""");
        }),
        "database.content: wanted none beside blobs");

    [TestCase("BlobEndpoint=http://127.0.0.1:1/fota;AccountName=fota;AccountKey=AAAA", true, ReadWay.Server, "blobs.connectionString: wanted an https address of the storage")]
    [TestCase("BlobEndpoint=http://127.0.0.1:1/fota;AccountName=fota;AccountKey=AAAA", false, ReadWay.SignedAddress, "blobs.reads: wanted server with a storage that is not reached by https")]
    [TestCase("BlobEndpoint=https://127.0.0.1:1/fota;SharedAccessSignature=sig=x", true, ReadWay.SignedAddress, "blobs.reads: wanted public or server with a connection string without the account's key")]
    [TestCase("AccountName=fota", true, ReadWay.SignedAddress, "blobs.connectionString: wanted a connection string of a storage account")]
    [TestCase("BlobEndpoint=https://storage.example/PATH;AccountName=fota;AccountKey=AAAA", true, ReadWay.SignedAddress, "blobs.readAddress: wanted it where the container's own address is none of at most 256 characters for devices")]
    public void P10_A_connection_string_that_will_not_do_is_refused(string connection, bool production, ReadWay reads, string message)
    {
        ConfigurationException? refused = Assert.Throws<ConfigurationException>(() => Open(connection.Replace("PATH", new string('p', 256), StringComparison.Ordinal), production, reads));
        Assert.That(refused!.Message, Does.StartWith(message));
    }

    [TestCase("BlobEndpoint=https://storage.example/account;SharedAccessSignature=sv=2025-01-05&ss=b&sp=racwdl&sig=c2VjcmV0", ReadWay.PublicAddress)]
    [TestCase("BlobEndpoint=https://storage.example/account?sv=2025-01-05&sp=racwdl&sig=c2VjcmV0;AccountName=fota;AccountKey=AAAA", ReadWay.SignedAddress)]
    public void P7_What_lets_the_server_into_its_storage_is_in_no_address_for_devices(string connection, ReadWay reads) =>
        Assert.That(Open(connection, isProduction: true, reads).ReadAddress?.AbsoluteUri, Is.EqualTo("https://storage.example/account/fota/"));

    private AzureContainer Open(string connection, bool isProduction, ReadWay reads)
    {
        string file = Path.Combine(_folder.FullName, "storage");
        File.WriteAllText(file, connection);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return AzureContainer.Open(
            new BlobSettings { Container = "fota", ConnectionStringFile = file, Reads = reads },
            isProduction ? DeploymentLayout.Production : DeploymentLayout.Development,
            new StorageResilience(TimeProvider.System));
    }

    [Test]
    public void P7_A_password_s_file_that_others_may_read_is_refused()
    {
        string file = Path.Combine(_folder.FullName, "db");
        File.WriteAllText(file, "secret\n");
        DatabaseSettings database = new() { Connection = "Host=localhost", PasswordFile = file };
        Assert.That(() => database.ConnectionString, Throws.TypeOf<PrivateFileException>().With.Message.Contains("wanted mode 0600"));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.That(database.ConnectionString, Does.Contain("Password=secret"));
    }

    private static string Over(string connection) => Edit(c => c["database"] = new JsonObject { ["kind"] = "postgresql", ["connection"] = connection });

    private static string Database(string database) => Edit(c => c["database"] = JsonNode.Parse(database));

    private static string Blobs(string blobs) => Edit(c => c["blobs"] = JsonNode.Parse(blobs));

    private static string Edit(Action<JsonObject> edit)
    {
        JsonObject json = JsonNode.Parse(Production)!.AsObject();
        edit(json);
        return json.ToJsonString();
    }

    private void IsRefused(string json, string message)
    {
        ConfigurationException? refused = Assert.Throws<ConfigurationException>(() => Read(json));
        Assert.That(refused!.Message, Does.Contain(message));
        Assert.That(refused.Message, Does.Not.Contain('\n'));
    }

    private ServerSettings Read(string json)
    {
        string file = Path.Combine(_folder.FullName, "server.json");
        File.WriteAllText(file, json);
        return SettingsFile.Read(file);
    }
}
