using System.Diagnostics.Metrics;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;
using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Sqlite;
using Fota.UpdateServer.Telemetry;
using Fota.UpdateServer.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fota.UpdateServer.Tests.Deltas;

/// <summary>When a device is reason to plan anew.</summary>
public sealed class DeltaPlannerTests
{
    private static readonly DeviceRecord s_pump = new()
    {
        Device = DeviceId.Parse("pump-1"),
        Product = ProductName.Parse(RepositorySimulator.ProductName),
        Key = null,
        Version = ReleaseVersion.Parse("1.0.0"),
        Slot = 0,
        Floor = new SecurityVersion(1),
        State = ReportState.Idle,
        ManifestDigest = Sha256Digest.Of("manifest"u8),
        ConfirmedDigest = Sha256Digest.Of("manifest"u8),
        Deployment = null,
        Reason = RejectionReason.None,
        Detail = null,
        Ordinal = 1,
        Nonce = new byte[DeviceReport.NonceSize],
        LastSeen = DateTimeOffset.UnixEpoch,
    };

    [Test]
    public void A_device_is_news_until_a_plan_with_it_is_worked_on_whoever_looks_at_one()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fota-deltas-");
        try
        {
            ReleaseCatalog catalog = new(Publication.Empty);
            ManualClock clock = new(DateTimeOffset.UnixEpoch);
            using Meter meter = new(nameof(DeltaPlannerTests));
            SqliteDatabase database = new(Path.Combine(folder.FullName, "server.db"));
            SqliteReleaseStore releases = new(database);
            AlarmBook alarms = AlarmBooks.Create(new SqliteAlarmStore(database), new SqliteAuditStore(database), clock);
            RolloutCoordinator coordinator = new(new FleetOfOne(), catalog, new CatalogUpdate(releases, catalog), FreshnessRule.Alone(clock), alarms, clock, new ServerMetrics(meter), NullLogger<RolloutCoordinator>.Instance);
            PublishedImages images = new(catalog, new ContentStore(folder.FullName, new ServerSeams()), NullLogger<PublishedImages>.Instance);
            DeltaPlanner planner = new(images, catalog, coordinator);
            planner.Plan();
            Assert.That(planner.IsNews(s_pump), "nobody works on what an operator looks at");
            planner.PlanToMake();
            Assert.That(planner.IsNews(s_pump), Is.False);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed class FleetOfOne : IFleetStore
    {
        public FleetNews Load() => new(1, [s_pump], [], []) { Generation = 0 };

        public FleetNews ReadSince(long number) => throw new AssertionException("nothing happens");

        public long Change(long known, Func<FleetNews, FleetChange?> decide) => throw new AssertionException("nothing happens");
    }
}
