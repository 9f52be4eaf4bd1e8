using System.Net;
using Dapper;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Postgres;
using Fota.UpdateServer.Tests.Support;

namespace Fota.UpdateServer.Tests.Storage;

/// <summary>The turn to publish, of servers that hang. The database's own clock runs: what it ends, it ends after a second here.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PublicationTurnTests : IDisposable
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1), s_minute = TimeSpan.FromMinutes(1);
    private static readonly Publication s_first = Publication.Empty with { Generation = 1, TimestampVersion = 1 };

    private readonly List<PostgresDatabase> _databases = [];
    private string _connection = "";

    [SetUp]
    public async Task OpenAsync()
    {
        _connection = await (await PostgresServer.SharedAsync).CreateDatabaseAsync();
        await (await PostgresSchema.PrepareAsync(Database(LockTimes.Default), default)).DisposeAsync();
    }

    public void Dispose() => _databases.ForEach(static d => d.Dispose());

    [Test]
    public async Task A48_A_server_that_is_frozen_over_its_turn_loses_it_and_neither_publishes_nor_removes_content_when_it_goes_on()
    {
        PostgresReleaseStore frozen = new(Database(new LockTimes(s_minute, s_second, Timeout.InfiniteTimeSpan, s_minute))), other = new(Database(LockTimes.Default));
        await using IPublicationTurn lost = await frozen.HoldAsync(default);
        await using (IPublicationTurn turn = await other.HoldAsync(default))
        {
            Assert.That(lost.Demand, Throws.TypeOf<StoreUnavailableException>());
            Assert.That(() => lost.Commit(Publication.Empty, s_first with { TimestampVersion = 99 }, SampleFleet.Ann), Throws.TypeOf<StoreUnavailableException>());
            turn.Commit(Publication.Empty, s_first, SampleFleet.Ann);
        }

        Assert.That(() => lost.Commit(s_first, s_first with { Generation = 2 }, SampleFleet.Ann), Throws.TypeOf<StoreUnavailableException>(), "nor with what is in force now");
        Assert.That(other.Load().TimestampVersion, Is.EqualTo(1));
    }

    [Test]
    public async Task A48_A_commit_by_a_server_that_was_frozen_right_before_it_changes_nothing()
    {
        PostgresReleaseStore frozen = new(Database(new LockTimes(s_minute, s_second, Timeout.InfiniteTimeSpan, s_minute)));
        await using IPublicationTurn lost = await frozen.HoldAsync(default);
        await using (await new PostgresReleaseStore(Database(LockTimes.Default)).HoldAsync(default))
        {
            // Nobody has published anything: what is in force is what the frozen server knows.
        }

        Assert.That(() => lost.Commit(Publication.Empty, s_first, SampleFleet.Ann), Throws.TypeOf<StoreUnavailableException>());
        Assert.That(frozen.Load().Generation, Is.Zero);
    }

    [Test]
    public async Task A48_A_server_that_lives_keeps_its_turn_while_it_works_and_others_wait_so_long_and_no_longer()
    {
        PostgresReleaseStore slow = new(Database(new LockTimes(s_minute, s_second, s_second / 10, s_minute))), other = new(Database(new LockTimes(2 * s_second, s_minute, s_minute, s_minute)));
        await using IPublicationTurn turn = await slow.HoldAsync(default);
        Assert.That(async () => await other.HoldAsync(default), Throws.TypeOf<StoreUnavailableException>());
        turn.Commit(Publication.Empty, s_first, SampleFleet.Ann);
        Assert.That(other.Load().Generation, Is.EqualTo(1));
    }

    [Test]
    public async Task A48_A_server_that_lives_and_whose_work_hangs_loses_its_turn()
    {
        PostgresReleaseStore hanging = new(Database(new LockTimes(s_minute, s_second, s_second / 10, s_second))), other = new(Database(LockTimes.Default));
        await using IPublicationTurn lost = await hanging.HoldAsync(default);
        await using (await other.HoldAsync(default))
        {
            Assert.That(() => lost.Commit(Publication.Empty, s_first, SampleFleet.Ann), Throws.TypeOf<StoreUnavailableException>());
        }
    }

    [Test]
    public async Task A48_A_start_waits_for_another_so_long_and_no_longer()
    {
        await using IAsyncDisposable starting = await PostgresSchema.PrepareAsync(Database(LockTimes.Default), default);
        Assert.That(async () => await PostgresSchema.PrepareAsync(Database(new LockTimes(s_second, s_minute, s_minute, s_minute)), default), Throws.TypeOf<StoreUnavailableException>());
    }

    [Test]
    public async Task A48_A_server_that_is_frozen_over_its_start_does_not_keep_others_from_theirs()
    {
        PostgresDatabase frozen = Database(new LockTimes(s_minute, s_second, Timeout.InfiniteTimeSpan, s_minute));
        await using IAsyncDisposable lost = await PostgresSchema.PrepareAsync(frozen, default);
        await using IAsyncDisposable started = await PostgresSchema.PrepareAsync(Database(LockTimes.Default), default);
    }

    [Test]
    public void Whoever_waits_for_a_server_that_died_waits_longer_than_its_session_lives() =>
        Assert.That((LockTimes.Default.Wait > LockTimes.Default.Idle, LockTimes.Default.Idle > 3 * LockTimes.Default.KeepAlive), Is.EqualTo((true, true)));

    [Test]
    public async Task A51_A_publication_that_waits_too_long_for_another_server_is_put_off()
    {
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        server.Source.Add(SampleRelease.Create());
        server.Locks = new LockTimes(s_second, s_minute, s_minute, s_minute);
        await server.RestartAsync(data: "shared", change: s => s with { Database = new DatabaseSettings { Connection = _connection, ContentDirectory = server.PathOf("content") } });
        await using (await new PostgresReleaseStore(Database(LockTimes.Default)).HoldAsync(default))
        {
            using HttpResponseMessage response = await server.PublishAsync();
            await ServerUnderTest.IsRefusedAsync(response, HttpStatusCode.ServiceUnavailable, "StoreUnavailable");
            Assert.That(response.Headers.RetryAfter?.Delta, Is.EqualTo(TimeSpan.FromSeconds(5)));
        }

        using HttpResponseMessage again = await server.PublishAsync();
        await ServerUnderTest.ReadAsync(again, HttpStatusCode.OK);
    }

    [Test]
    public async Task The_database_ends_a_silent_session_after_half_a_minute()
    {
        await using PostgresLock held = await PostgresLock.TakeAsync(Database(LockTimes.Default), 1, default);
        Assert.That(held.Use(static c => c.ExecuteScalar<string>("SHOW idle_session_timeout")), Is.EqualTo("30s"));
        Assert.That(held.Use(static c => c.ExecuteScalar<string>("SHOW lock_timeout")), Is.EqualTo("2s"), "what is waited for with the lock is waited for as by everybody");
    }

    private PostgresDatabase Database(LockTimes times)
    {
        PostgresDatabase database = new(_connection, times);
        _databases.Add(database);
        return database;
    }
}
