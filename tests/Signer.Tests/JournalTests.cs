using System.Text.Json;
using Fota.Interop.Cryptoki;
using Fota.Manifest;
using Fota.Signer.Home;
using Fota.Signer.Journal;
using Fota.Signer.Keys;
using Microsoft.Data.Sqlite;

namespace Fota.Signer.Tests;

[TestFixture]
public sealed class JournalTests
{
    [Test]
    public async Task Intent_stands_in_the_journal_before_the_token_signs_and_the_outcome_after()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        List<(string? Purpose, string? Result)> seen = [];
        world.Module = module => new FaultyModule(module, sign =>
        {
            // Another connection sees only what is committed.
            seen.Add(Last(world));
            byte[] signature = sign();
            seen.Add(Last(world));
            return signature;
        });
        await world.DraftAsync("1.0.0");
        seen.Add(Last(world));
        Assert.That(seen, Is.EqualTo([("SuitManifest", null), ("SuitManifest", null), ("SuitManifest", "signed")]));
    }

    [Test]
    public async Task Entry_names_time_token_key_purpose_subject_and_digests()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.DraftAsync("1.0.0");
        using JsonDocument json = JsonDocument.Parse((await world.RunAsync("journal", "--home", world.Home, "--json")).Ok().Output);
        JsonElement entry = json.RootElement.EnumerateArray().Last();
        Assert.That(entry.GetProperty("time").GetString(), Is.EqualTo(world.Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'")));
        Assert.That(entry.GetProperty("token").GetString(), Is.EqualTo(world.Token("release")));
        Assert.That(entry.GetProperty("key_id").GetString(), Is.EqualTo(world.HomeFolder.ReadSettings().Key("release").KeyId));
        Assert.That((entry.GetProperty("purpose").GetString(), entry.GetProperty("subject").GetString(), entry.GetProperty("result").GetString()), Is.EqualTo(("SuitManifest", "infusion-pump 1.0.0", "signed")));
        Assert.That(Sha256Digest.TryParse(entry.GetProperty("message_sha256").GetString(), out _) && Sha256Digest.TryParse(entry.GetProperty("signature_sha256").GetString(), out _), Is.True);
    }

    [Test]
    public async Task A48_Intent_without_outcome_is_reported_as_unknown_and_not_repeated()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        int signatures = 0;
        Action? kill = null;
        world.Module = module => new FaultyModule(module, sign =>
        {
            _ = sign();
            signatures++;
            kill = world.KeepJournal();
            throw new InvalidOperationException("power failure");
        });
        Assert.That(() => world.CreateAsync("1.0.0"), Throws.InvalidOperationException.With.Message.EqualTo("power failure"));
        kill!();
        Assert.That(Last(world), Is.EqualTo(("SuitManifest", (string?)null)));

        world.Module = module => new FaultyModule(module, sign =>
        {
            signatures++;
            return sign();
        });
        CommandResult next = (await world.RunAsync("release", "list", "--home", world.Home)).Ok();
        Assert.That(next.Error, Does.Contain("it is unknown whether key release signed (SuitManifest, infusion-pump 1.0.0)"));
        Assert.That(next.Output, Is.EqualTo("no releases\n"));
        Assert.That((await world.RunAsync("release", "list", "--home", world.Home)).Ok().Error, Is.Empty);
        Assert.That(Last(world), Is.EqualTo(("SuitManifest", "unknown")));
        Assert.That(signatures, Is.EqualTo(1));
    }

    [Test]
    public async Task Refusal_of_the_token_is_an_outcome_with_its_reason()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        world.Module = module => new FaultyModule(module, static _ => throw new CryptokiException("C_Sign", new ReturnValue(0x30)));
        (await world.CreateAsync("1.0.0")).Refused("C_Sign: CKR_DEVICE_ERROR");
        Assert.That(Last(world), Is.EqualTo(("SuitManifest", "failed")));
        Assert.That((await world.RunAsync("journal", "--home", world.Home)).Ok().Output, Does.EndWith("Failed   infusion-pump 1.0.0: C_Sign: CKR_DEVICE_ERROR\n"));
    }

    [TestCase(true, "unknown")]
    [TestCase(false, "failed")]
    public async Task Call_of_the_token_that_ends_without_an_answer_is_an_outcome_in_the_process_that_runs_on(bool wasCalled, string result)
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        world.Module = module => new FaultyModule(module, sign =>
        {
            _ = wasCalled ? sign() : [];
            throw new InvalidOperationException("out of luck");
        });
        Assert.That(() => world.CreateAsync("1.0.0"), Throws.InvalidOperationException);
        Assert.That(Last(world), Is.EqualTo(("SuitManifest", result)));
        world.Module = static module => module;
        Assert.That((await world.CreateAsync("1.0.0")).Ok().Error, Does.Not.Contain("interrupted"));
    }

    [Test]
    public async Task P7_Intent_is_good_for_its_own_key_and_message_alone()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        using OpenedKey online = OpenedKey.Open(world.Host(), world.HomeFolder, "online", world.PinFile("online"));
        using SignerHome home = await SignerHome.OpenAsync(world.HomeFolder, world.Host(), CancellationToken.None);
        SigningIntent intent = home.Journal.Begin(online.Key, SigningPurpose.Timestamp, "version 9", "message"u8);
        Assert.That(() => online.Key.Sign(intent, "another"u8), Throws.InvalidOperationException.With.Message.Contains("is for another key or message"));
        Assert.That(() => online.Find(home.Settings.Key("log")).Sign(intent, "message"u8), Throws.InvalidOperationException.With.Message.Contains("is for another key or message"));
        Assert.That(online.Key.PublicKey.IsSignatureOver("message"u8, online.Key.Sign(intent, "message"u8)), Is.True);
    }

    [Test]
    public async Task False_signature_of_a_token_is_a_failure_and_goes_nowhere()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        world.Module = module => new FaultyModule(module, static sign =>
        {
            byte[] signature = sign();
            signature[40] ^= 1;
            return signature;
        });
        (await world.CreateAsync("1.0.0")).Refused("returned what is not a signature of key 'release'");
        Assert.That(Last(world), Is.EqualTo(("SuitManifest", "failed")));
        Assert.That(Directory.Exists(world.Draft("1.0.0", "")), Is.False);
    }

    [TestCase("DELETE FROM intent")]
    [TestCase("UPDATE intent SET subject = 'other'")]
    [TestCase("DELETE FROM outcome")]
    [TestCase("UPDATE outcome SET result = 'unknown', signature_sha256 = NULL")]
    [TestCase("DELETE FROM log_entry")]
    [TestCase("UPDATE log_entry SET entry = x'00'")]
    [TestCase("INSERT INTO log_entry (number, entry) VALUES (1000000, x'00')")]
    [TestCase("DELETE FROM sequence")]
    [TestCase("DELETE FROM certified")]
    [TestCase("UPDATE certified SET name = 'other'")]
    public async Task Rows_are_neither_changed_nor_removed(string statement)
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        await world.DraftAsync("1.0.0");
        using SignerDatabase database = SignerDatabase.Open(world.HomeFolder.Journal);
        _ = database.Execute("INSERT INTO certified (time, name, key_id) VALUES ('now', 'pump-0001', $0)", new string('0', 64));
        Assert.That(() => database.Execute(statement), Throws.TypeOf<SqliteException>().With.Message.Contains("append-only").Or.Message.Contains("never given back"));
    }

    [Test]
    public void Each_write_is_on_disk_before_it_returns()
    {
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, Path.GetRandomFileName());
        using SignerDatabase database = SignerDatabase.Open(path);
        Assert.That(database.Scalar("PRAGMA journal_mode"), Is.EqualTo("wal"));
        Assert.That(database.Scalar("PRAGMA synchronous"), Is.EqualTo(2), "FULL");
        Assert.That(database.Scalar("PRAGMA foreign_keys"), Is.EqualTo(1));
        Assert.That(database.Scalar("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite%' AND strict = 0"), Is.Zero);
    }

    [Test]
    public async Task Journal_of_a_newer_program_is_left_alone()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        using (SignerDatabase database = SignerDatabase.Open(world.HomeFolder.Journal))
        {
            _ = database.Execute("PRAGMA user_version = 99");
        }

        (await world.CreateAsync("1.0.0")).Refused("was written by a newer fota-signer");
    }

    [Test]
    public void Journal_of_every_older_schema_is_carried_over_with_what_it_holds([Range(1, 10)] int steps)
    {
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, Path.GetRandomFileName()), digest = new('a', 64);

        // The first one that is opened says which SQLite there is; this test may be the first.
        SignerDatabase.Open(path + ".other").Dispose();
        using (SqliteConnection old = new($"Data Source={path};Pooling=False"))
        {
            old.Open();
            const int Revocations = 7, LogsOfServers = 10;
            string revoked = steps == Revocations ? $"INSERT INTO issued VALUES ('0a', 'pump-1', '{digest}', 1); INSERT INTO revoked (profile, serial, time, reason) VALUES ('device', '0a', 'now', 'keyCompromise');" : "";
            string intent = $"INSERT INTO intent (time, token, key_label, key_id, purpose, subject, message_sha256) VALUES ('now', 't', 'release', '{digest}', 'SuitManifest', 'infusion-pump 1.0.0', '{digest}');";
            string log = steps > 4 ? "INSERT INTO log_entry VALUES (0, CAST('{\"subject\":\"s\"}' AS BLOB));" : "";
            using SqliteCommand command = old.CreateCommand();
#pragma warning disable CA2100 // The program's own statements and the test's rows.
            command.CommandText = string.Concat(SignerSchema.Migrations.Take(steps)) + intent + log + revoked + $"PRAGMA user_version = {steps};";
#pragma warning restore CA2100
            _ = command.ExecuteNonQuery();
            Assert.That(SignerSchema.Migrations, Has.Count.EqualTo(LogsOfServers), "a new schema wants its case here");
        }

        using SignerDatabase database = SignerDatabase.Open(path);
        Assert.That(database.Scalar("PRAGMA user_version"), Is.EqualTo(SignerSchema.Migrations.Count));
        Assert.That(database.Scalar("SELECT subject FROM intent"), Is.EqualTo("infusion-pump 1.0.0"));
        Assert.That(database.Scalar("SELECT count(*) FROM log_entry"), Is.EqualTo(steps > 4 ? 1 : 0));
        Assert.That(database.Query("SELECT key_id, reason FROM revocation", static row => (row.GetString(0), row.GetString(1))), Is.EqualTo(steps == 7 ? [(digest, "keyCompromise")] : Array.Empty<(string, string)>()));
    }

    private static (string? Purpose, string? Result) Last(SignerWorld world)
    {
        using SignerDatabase database = SignerDatabase.Open(world.HomeFolder.Journal);
        return database.Query(
            "SELECT i.purpose, o.result FROM intent i LEFT JOIN outcome o ON o.intent = i.id ORDER BY i.id DESC LIMIT 1",
            static row => ((string?)row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1))).Single();
    }
}
