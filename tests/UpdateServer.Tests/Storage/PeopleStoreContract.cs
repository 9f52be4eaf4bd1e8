using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Log;
using Fota.TestKit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Storage;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>What every store of people, tokens and shut out devices does.</summary>
[TestFixture(typeof(SqliteStores))]
[TestFixture(typeof(PostgresStores))]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PeopleStoreContract<T> : IDisposable
    where T : StoresUnderTest, new()
{
    private static readonly PersonIdentity s_subject = new(IdentityKind.Subject, "CN=ann");

    private readonly T _stores = new();

    [SetUp]
    public Task OpenAsync() => _stores.OpenAsync();

    public void Dispose() => _stores.Dispose();

    [Test]
    public void People_and_tokens_are_read_as_they_were_stored_last()
    {
        Person ann = Person("ann") with { Grants = [new Grant(Role.Operator) { Products = ["infusion-pump"], Sites = ["Zürich"] }, new Grant(Role.Viewer)], Identities = [s_subject] };
        ApiToken token = Token("ann", "of ann") with { Expires = SampleFleet.Noon.AddDays(1) };
        Save(new PeopleChange(Person("ann"), []));
        Save(new PeopleChange(ann, [token]));
        PeopleNews read = _stores.People.Load();
        Assert.That(Describe(read.People.Single()), Is.EqualTo(Describe(ann)));
        Assert.That(read.Tokens.Single(), Is.EqualTo(token));
    }

    [Test]
    public void A_token_that_was_taken_back_stays_so()
    {
        ApiToken token = Token("ann", "of ann");
        Save(new PeopleChange(Person("ann"), [token with { Revoked = SampleFleet.Noon }]));
        Save(new PeopleChange(null, [token]));
        Assert.That(_stores.People.Load().Tokens.Single().Revoked, Is.EqualTo(SampleFleet.Noon));
    }

    [Test]
    public void A45_An_identity_of_two_people_is_refused_and_nothing_is_stored()
    {
        Save(new PeopleChange(Person("ann") with { Identities = [s_subject] }, []));
        Assert.That(() => Save(new PeopleChange(Person("bo") with { Identities = [s_subject] }, [])), Throws.InstanceOf<System.Data.Common.DbException>());
        Assert.That(_stores.People.Load().People.Select(static p => p.Name), Is.EqualTo(["ann"]));
        Assert.That(_stores.AccessDecisions.Newest(10), Has.Count.EqualTo(1));
    }

    [Test]
    public void A44_Shut_out_devices_are_read_as_they_were_said_first_and_a_key_stays_when_the_name_is_lifted()
    {
        DeviceId pump = DeviceId.Parse("pump-1");
        KeyId key = SampleFleet.Key;
        DeviceRevocation ofName = new(pump, null, "stolen", "ann", SampleFleet.Noon);
        Save(ofName);
        Assert.That(() => Save(ofName with { Reason = "again" }), Throws.InstanceOf<System.Data.Common.DbException>(), "it is shut out");
        DeviceRevocation ofKey = new(pump, key, "known to others", "ann", SampleFleet.Noon.AddMinutes(1));
        Save(ofKey);
        Assert.That(_stores.Revocations.Load().Revocations.Select(static r => r.Reason), Is.EqualTo(["stolen", "known to others"]));
        Assert.That(_stores.Revocations.Lift(_stores.Revocations.Load().Number, pump, Decision(AccessDecisionKind.DeviceReinstated)), Is.EqualTo(_stores.Revocations.Load().Number));
        Assert.That(_stores.Revocations.Load().Revocations, Is.EqualTo([ofKey]));
        Assert.That(_stores.AccessDecisions.Newest(2).Select(static d => d.Kind), Is.EqualTo([AccessDecisionKind.DeviceReinstated, AccessDecisionKind.DeviceRevoked]), "the newest first");
    }

    [TestCase("UPDATE access_decisions SET detail = 'something else'")]
    [TestCase("DELETE FROM access_decisions")]
    public void P8_A_decision_about_access_is_neither_changed_nor_deleted(string sql)
    {
        Save(new PeopleChange(Person("ann"), []));
        Assert.That(() => _stores.Ask(sql), Throws.InstanceOf<System.Data.Common.DbException>().With.Message.Contains("a decision is n"));
        Assert.That(_stores.AccessDecisions.Newest(1).Single() with { Salt = null }, Is.EqualTo(Decision(AccessDecisionKind.PersonSet)));
    }

    [Test]
    [Proves("J-6")]
    public void P8_What_a_decision_said_is_proven_by_the_log_with_its_row_and_told_by_it_without()
    {
        AccessDecision moved = Decision(AccessDecisionKind.PersonSet) with { Detail = "viewer of all products at all sites; subject CN=Benjamin Meier", ForLog = "viewer of all products at all sites; 1 identities" };
        Assert.That(_stores.People.Save(_stores.People.Load().Number, new PeopleChange(Person("ann"), []), moved), Is.Not.Null);
        Save(new PeopleChange(Person("ann"), []));
        AccessDecision[] kept = [.. _stores.AccessDecisions.Newest(2).Reverse()];
        LogEntry[] entries = [.. _stores.Audit.Read(0, 2).Select(static e => LogEntry.Decode(e).OrThrow())];
        Assert.That(entries.Select(static e => e.Facts["detail_sha256"]), Is.EqualTo(kept.Select(static d => AccessDecision.DigestOf(Convert.FromHexString(d.Salt!), d.Detail).ToString())));
        Assert.That((kept[0].Salt!.Length, kept[0].Salt == kept[1].Salt, entries[0].Facts["detail"]), Is.EqualTo((2 * AccessDecision.SaltSize, false, moved.ForLog)));
    }

    private void Save(DeviceRevocation revocation) =>
        Assert.That(_stores.Revocations.Save(_stores.Revocations.Load().Number, revocation, Decision(AccessDecisionKind.DeviceRevoked)), Is.EqualTo(_stores.Revocations.Load().Number));

    private void Save(PeopleChange change) => Assert.That(_stores.People.Save(_stores.People.Load().Number, change, Decision(AccessDecisionKind.PersonSet)), Is.Not.Null);

    private static AccessDecision Decision(AccessDecisionKind kind) => new(SampleFleet.Noon, "root", kind, "ann", "because");

    private static Person Person(string name) => new(name) { Created = SampleFleet.Noon };

    private static ApiToken Token(string person, string name) =>
        new(name, person, name, Sha256Digest.Of(System.Text.Encoding.UTF8.GetBytes(name))) { Roles = Role.Operator | Role.Viewer, Created = SampleFleet.Noon, CreatedBy = "root" };

    private static string Describe(Person p) =>
        $"{p.Name} {p.Created:O} {p.Removed:O} {string.Join(';', p.Grants.Select(static g => $"{g.Role} {string.Join(',', g.Products ?? [])} {string.Join(',', g.Sites ?? [])}"))} {string.Join(';', p.Identities)}";
}
