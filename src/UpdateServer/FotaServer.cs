using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fota.Interop.OpenSsl;
using Fota.Manifest.Metadata;
using Fota.Manifest;
using Fota.Manifest.Verification;
using Fota.UpdateServer.Alarms;
using Fota.UpdateServer.Api;
using Fota.UpdateServer.Api.Access;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Certificates;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Deltas;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Enrolment;
using Fota.UpdateServer.Health;
using Fota.UpdateServer.OAuth;
using Fota.UpdateServer.People;
using Fota.UpdateServer.Releases;
using Fota.UpdateServer.Rollouts;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Storage.Postgres;
using Fota.UpdateServer.Telemetry;
using Fota.UpdateServer.Webhooks;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fota.UpdateServer;

/// <summary>A running update server.</summary>
public sealed class FotaServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServerCredential _credential;
    private readonly DataDirectory _data;
    private readonly EventHandler<ErrorEventArgs> _onSignatureFailed;

    private FotaServer(WebApplication app, ServerCredential credential, DataDirectory data)
    {
        _app = app;
        _credential = credential;
        _data = data;
        ILogger log = app.Services.GetRequiredService<ILogger<FotaServer>>();
        _onSignatureFailed = (_, failure) => Log.TlsKeyFailed(log, failure.GetException());
        TlsKeyBridge.SignatureFailed += _onSignatureFailed;
    }

    /// <summary>What is mapped.</summary>
    internal IReadOnlyList<Endpoint> Endpoints => [.. ((IEndpointRouteBuilder)_app).DataSources.SelectMany(static source => source.Endpoints)];

    /// <summary>Where it listens, for example https://127.0.0.1:8443/.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>Starts a server: opens or makes its state, removes leftovers of a crash, and listens.</summary>
    /// <exception cref="ConfigurationException">It is not to be started like this.</exception>
    public static Task<FotaServer> StartAsync(ServerSettings settings, TimeProvider time, Action<ILoggingBuilder>? logging = null, CancellationToken cancellation = default) =>
        StartAsync(settings, time, logging, new ServerSeams(), cancellation);

    internal static async Task<FotaServer> StartAsync(ServerSettings settings, TimeProvider time, Action<ILoggingBuilder>? logging, ServerSeams seams, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(time);
        settings.Validate();
        byte[] trustedRoot = ReadTrustedRoot(settings, time);
        AuthorityRegister authorities = AuthorityRegister.Read(settings);
        DataDirectory data = DataDirectory.Open(settings.DataDirectory);
        ServerCredential? credential = null;
        WebApplication? app = null;
        try
        {
            credential = ServerCredential.Open(settings.Tls);

            // An empty builder: no environment variable or stray file adds an endpoint or a setting.
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            logging?.Invoke(builder.Logging);
            if (settings.Telemetry is { } telemetry)
            {
                TelemetryExport.DescribeRequests();
                TelemetryExport.AddLogs(builder.Logging, telemetry, data.ServerId);
                builder.Services.AddSingleton(_ => new TelemetryExport(telemetry, data.ServerId));
            }
            else
            {
                // Nobody looks at a trace: without this one would be begun for each request, for what that category could log.
                builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
            }

            ConfigureKestrel(builder, settings, credential);
            AddServices(builder.Services, settings, time, authorities, data, trustedRoot, credential, seams);
            await using IAsyncDisposable? starting = await StoreServices.AddAsync(builder.Services, settings, data, time, seams, cancellation);
            app = builder.Build();
            MapEndpoints(app);
            AccessConvention.RequireComplete(app);

            // First of all: who is to be told of a change has to be known when it is made.
            WebhookReceivers receivers = app.Services.GetRequiredService<WebhookReceivers>();
            app.Services.GetRequiredService<IWebhookStore>().Configure(receivers.Server, receivers.Subscriptions, time.GetUtcNow());

            // Made now, so that what is wrong with the state shows at the start and not at the first request.
            RolloutCoordinator rollouts = app.Services.GetRequiredService<RolloutCoordinator>();
            _ = app.Services.GetRequiredService<PeopleDirectory>();
            _ = app.Services.GetRequiredService<OAuthCallers>();
            _ = app.Services.GetRequiredService<DeltaOffers>();
            _ = app.Services.GetRequiredService<FleetGauges>();
            _ = app.Services.GetService<TelemetryExport>();
            if (settings is { Layout: DeploymentLayout.Production, AtRestKeyFiles: null })
            {
                Log.NothingSealed(app.Services.GetRequiredService<ILogger<FotaServer>>());
            }

            if (settings.PauseRollouts)
            {
                rollouts.PauseAll();
            }

            await app.StartAsync(cancellation);
            return new FotaServer(app, credential, data);
        }
        catch
        {
            if (app is not null)
            {
                await app.DisposeAsync();
            }

            credential?.Dispose();
            data.Dispose();
            throw;
        }
    }

    /// <summary>Serves until <paramref name="cancellation"/>, or until the process is told to stop.</summary>
    /// <exception cref="InvalidDataException">A newer program beside this one has made the database one that this one cannot work with.</exception>
    public async Task WaitAsync(CancellationToken cancellation = default)
    {
        await _app.WaitForShutdownAsync(cancellation);
        if (_app.Services.GetService<RuledOut>()?.Why is { } why)
        {
            throw new InvalidDataException(why);
        }
    }

    /// <summary>Stops listening, finishes what is under way, and closes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        TlsKeyBridge.SignatureFailed -= _onSignatureFailed;
        await _app.StopAsync();
        await _app.DisposeAsync();
        _credential.Dispose();
        _data.Dispose();
    }

    private static byte[] ReadTrustedRoot(ServerSettings settings, TimeProvider time)
    {
        byte[] root = File.ReadAllBytes(settings.TrustedRootFile);
        return TrustedMetadataSet.Start(root, time.GetUtcNow(), MetadataProfile.Fota).IsAccepted(out _, out Rejection? rejection)
            ? root
            : throw new ConfigurationException($"trustedRoot: wanted a TUF root signed by itself, got {rejection}");
    }

    private static void ConfigureKestrel(WebApplicationBuilder builder, ServerSettings settings, ServerCredential credential)
    {
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            ServerLimits.Apply(kestrel.Limits);
            kestrel.Listen(settings.Listen, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(ServerTls.Of(credential));
            });
        });
    }

    private static void AddServices(
        IServiceCollection services, ServerSettings settings, TimeProvider time, AuthorityRegister authorities, DataDirectory data, byte[] trustedRoot, ServerCredential credential, ServerSeams seams)
    {
        services.AddSingleton(settings).AddSingleton(time).AddSingleton(seams);
        services.AddSingleton(s => new DeviceCertificates(authorities.Devices, settings.ExpiredCertificates, s.GetRequiredService<DeviceRevocations>(), time));
        services.AddSingleton(s => ActivatorUtilities.CreateInstance<Publisher>(s, trustedRoot));
        services.AddSingleton<DeviceRevocations>().AddSingleton<RolloutCoordinator>().AddSingleton<CheckIns>().AddSingleton<RepositoryFiles>().AddSingleton<EnrolmentQueue>();
        services.AddSingleton<NamedLogs>().AddSingleton(s => ActivatorUtilities.CreateInstance<LogSigning>(s, settings.Layout == DeploymentLayout.Production)).AddSingleton(s => new AuditLog(s.GetRequiredService<IAuditStore>(), s.GetRequiredService<NamedLogs>().Keys, time));
        services.AddSingleton(authorities).AddSingleton<OperatorCertificates>().AddSingleton<PersonCredentials>();
        services.AddSingleton(s => new OAuthCallers(s.GetRequiredService<PeopleDirectory>(), settings.OAuth is null ? null : new TokenIntrospection(settings.OAuth, time)));
        services.AddHostedService<RolloutTicker>().AddHostedService<RevocationTicker>();
        services.AddSingleton(_ => new WebhookReceivers(data.ServerId, settings.Webhooks, hook => new WebhookClient(hook, time)));
        services.AddSingleton(settings.Alarms).AddSingleton(s => ActivatorUtilities.CreateInstance<AlarmBook>(s, data.ServerId));
        if (!settings.PauseRollouts)
        {
            // A database of another time is no ground for alarms, and what was told already is not to be told again before somebody has looked (docs/runbooks/backup.md).
            services.AddHostedService<WebhookSender>().AddHostedService<AlarmTicker>();
        }

        DeltaSchedule.Add(services, settings.Database);
        services.AddSingleton(s => new PeopleDirectory(s.GetRequiredService<IPeopleStore>(), data.Path, AdministratorIdentities(settings), s.GetRequiredService<FreshnessRule>(), time, s.GetRequiredService<ILogger<PeopleDirectory>>()));
        services.AddRouting();
        services.AddMetrics().AddSingleton(static s => new ServerMetrics(s.GetRequiredService<IMeterFactory>().Create(ServerMetrics.MeterName)))
            .AddSingleton<FleetGauges>().AddSingleton<SimulationEndpoint>().AddSingleton(credential);
        Readiness.Add(services);
        DescriptionEndpoint.Add(services);
        services.AddSingleton(new RateLimits(settings.Rates));
        services.AddRequestTimeouts(o => o.DefaultPolicy = new RequestTimeoutPolicy { Timeout = seams.RequestTimeout, TimeoutStatusCode = StatusCodes.Status504GatewayTimeout });
        services.AddAuthentication()
            .AddScheme<DeviceAuthenticationOptions, DeviceAuthentication>(DeviceAuthentication.SchemeName, o => (o.Use, o.TimeProvider) = (CertificateUse.Updates, time))
            .AddScheme<DeviceAuthenticationOptions, DeviceAuthentication>(DeviceAuthentication.ReenrolmentScheme, o => (o.Use, o.TimeProvider) = (CertificateUse.Reenrolment, time))
            .AddScheme<AuthenticationSchemeOptions, OperatorAuthentication>(OperatorAuthentication.SchemeName, null);
        services.Configure<RouteHandlerOptions>(static o => o.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(static o =>
        {
            o.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            o.SerializerOptions.PropertyNameCaseInsensitive = false;
            o.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            o.SerializerOptions.AllowDuplicateProperties = false;
            o.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            o.SerializerOptions.RespectNullableAnnotations = true;
            o.SerializerOptions.RespectRequiredConstructorParameters = true;
            o.SerializerOptions.MaxDepth = 16;
        });
    }

    /// <summary>The kinds of identity by which somebody can come as an administrator: a login has no role but those that it is mapped to.</summary>
    private static IReadOnlyCollection<IdentityKind> AdministratorIdentities(ServerSettings settings) =>
    [
        .. settings.OperatorCa is null ? (IdentityKind[])[] : [IdentityKind.Subject, IdentityKind.Serial],
        .. settings.OAuth?.Roles.Any(static r => RoleNames.Parse(r.Role) == Role.Administrator) == true ? (IdentityKind[])[IdentityKind.OAuth] : [],
    ];

    private static void MapEndpoints(WebApplication app)
    {
        app.UseMiddleware<RefusalMiddleware>();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<StoreAwayMiddleware>();
        app.UseMiddleware<AddressRate>();
        app.UseRouting();
        app.UseMiddleware<TracedRoute>();
        app.UseRequestTimeouts();
        app.UseMiddleware<AccessGate>();
        RouteGroupBuilder all = app.MapJudged();
        HealthEndpoints.Map(all);
        RepositoryEndpoints.Map(all);
        LoginEndpoint.Map(all);
        DeviceEndpoints.Map(all);
        EstEndpoints.Map(all);
        RouteGroupBuilder operators = all.MapGroup("/api/v1").ProducesProblems();
        PublicationEndpoints.Map(operators);
        RolloutEndpoints.Map(operators);
        SimulationEndpoint.Map(operators);
        FleetEndpoints.Map(operators);
        DescriptionEndpoint.Map(operators);
        PackEndpoints.Map(operators);
        EnrolmentEndpoints.Map(operators);
        PeopleEndpoints.Map(operators);
        RevocationEndpoints.Map(operators);
        AuditEndpoints.Map(operators);
        WebhookEndpoints.Map(operators);
        AlarmEndpoints.Map(operators);
    }
}
