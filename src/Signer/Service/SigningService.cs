using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fota.Manifest.Log;
using Fota.Shared;
using Fota.Signer.Api;
using Fota.Signer.Home;
using Fota.Signer.Log;
using Fota.Signer.Repository;
using Fota.Signer.Requests;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.OpenApi;
using Quartz;

namespace Fota.Signer.Service;

/// <summary>A running signing service: people speak to it over mutual TLS, and it signs with keys that are one short of every threshold.</summary>
internal sealed class SigningService : IAsyncDisposable
{
    private const int DefaultBodyBytes = 64 * 1024;

    private readonly HomeFolder _folder;
    private readonly DraftPreparation _preparation;
    private readonly Stack<IDisposable> _owned;
    private WebApplication? _app;

    private SigningService(HomeFolder folder, ReleaseDesk desk, DraftPreparation preparation, Stack<IDisposable> owned)
    {
        _folder = folder;
        _preparation = preparation;
        _owned = owned;
        Desk = desk;
    }

    /// <summary>What people ask of it.</summary>
    public ReleaseDesk Desk { get; }

    /// <summary>Where it listens, for example https://127.0.0.1:8444/.</summary>
    public Uri Address => new(_app!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>Starts a service: opens its tokens, refuses if they reach a threshold, takes up what an earlier process left, and listens.</summary>
    /// <exception cref="SignerRefusalException">It is not to be started like this.</exception>
    public static async Task<SigningService> StartAsync(SignerHost host, HomeFolder folder, ServiceSettings settings, Action<ILoggingBuilder>? logging, CancellationToken cancellation)
    {
        Stack<IDisposable> owned = new();
        SigningService? service = null;
        try
        {
            ServiceKeys keys = ServiceKeys.Open(host, folder, settings.Pins);
            owned.Push(keys);
            using (SignerHome home = await SignerHome.OpenAsync(folder, host, cancellation))
            {
                _ = home.Log.Append(new LogEvent(LogKinds.ServiceStarted, RequestCleaning.Actor, settings.Listen, ("tokens", string.Join(", ", keys.Tokens)), ("people", string.Join(", ", settings.People.Select(static person => person.Name)))));
            }

            X509Certificate2 certificate = settings.Tls.Open(folder.ReadSettings(), owned);
            owned.Push(certificate);
            PublicationEndpoint? endpoint = settings.Publish is { } publish ? new PublicationEndpoint(publish.Server, publish.Authority, publish.TokenFile, host.Clock) : null;
            if (endpoint is not null)
            {
                owned.Push(endpoint);
            }

            Countersigning? countersigning = null;
            if (settings.Publish is { ServerLog: { } origin } log)
            {
                ServerLogEndpoint heads = new(log.Server, log.Authority, log.TokenFile);
                owned.Push(heads);
                countersigning = new Countersigning(host, folder, heads, origin);
            }

            DraftPreparation preparation = new(host, folder, keys);
            service = new SigningService(folder, new ReleaseDesk(host, folder, keys, TimeSpan.FromDays(settings.RequestDays), settings.OpenBytes), preparation, owned);

            // An empty builder: no environment variable or stray file adds an endpoint or a setting.
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            logging?.Invoke(builder.Logging);
            ConfigureKestrel(builder, settings, certificate);
            builder.Services.AddSingleton(host).AddSingleton(host.Clock).AddSingleton(folder).AddSingleton(keys).AddSingleton(preparation).AddSingleton(service)
                .AddSingleton(new CeremonyDesk(host, folder)).AddSingleton(new PublishTarget(endpoint, countersigning)).AddSingleton<LogComparison>().AddSingleton<ServiceHealth>().AddSingleton(PeopleDirectory.Read(settings, folder, host.Clock));
            AddWeb(builder.Services);
            ServiceJobs.Add(builder.Services, TimeSpan.FromSeconds(settings.RenewalSeconds));
            service._app = builder.Build();
            MapEndpoints(service._app);
            await service._app.StartAsync(cancellation);
            return service;
        }
        catch
        {
            if (service?._app is { } app)
            {
                await app.DisposeAsync();
            }

            Release(owned);
            throw;
        }
    }

    /// <summary>Serves until <paramref name="cancellation"/>, or until the process is told to stop.</summary>
    public Task WaitAsync(CancellationToken cancellation) => _app!.WaitForShutdownAsync(cancellation);

    /// <summary>A request as it is shown.</summary>
    public RequestView View(RequestRecord record) => RequestView.Of(record, _folder, _preparation);

    /// <summary>Has drafts made as soon as it can be.</summary>
    public Task PrepareSoonAsync() => TriggerAsync(PreparationJob.Key);

    /// <summary>Has what is new made visible as soon as it can be.</summary>
    public Task RenewSoonAsync() => TriggerAsync(RenewalJob.Key);

    /// <summary>Stops listening, finishes what is under way, and closes everything.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
        Release(_owned);
    }

    private static void Release(Stack<IDisposable> owned)
    {
        while (owned.TryPop(out IDisposable? last))
        {
            last.Dispose();
        }
    }

    private static void ConfigureKestrel(WebApplicationBuilder builder, ServiceSettings settings, X509Certificate2 certificate)
    {
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = DefaultBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            kestrel.Limits.MaxConcurrentConnections = 1000;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
            kestrel.Listen(settings.Endpoint, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(https =>
                {
                    https.SslProtocols = SslProtocols.Tls13;
                    https.ServerCertificate = certificate;

                    // Asked of everyone and judged by the service itself, so that who has none is told so in words.
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    https.AllowAnyClientCertificate();
                    https.OnAuthenticate = static (_, options) => (options.AllowTlsResume, options.CertificateChainPolicy) = (false, ClientChain.Unjudged);
                });
            });
        });
    }

    private static void AddWeb(IServiceCollection services)
    {
        services.AddRouting();
        services.AddOpenApi("v1", static options => options.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info.Title = "Fota signing service";
            document.Info.Version = "v1";
            document.Servers?.Clear();
            OpenApiComponents components = document.Components ??= new OpenApiComponents();
            components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
            {
                [PersonAuthentication.SchemeName] = new OpenApiSecurityScheme { Type = SecuritySchemeType.MutualTLS, Description = "A TLS client certificate of the people's CA, of a person in the service's settings." },
            };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(PersonAuthentication.SchemeName, document)] = [] }];
            return Task.CompletedTask;
        }));
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, PersonAuthentication>(PersonAuthentication.SchemeName, null);
        services.AddAuthorizationBuilder().AddPolicy(PersonAuthentication.SchemeName, static policy => policy.AddAuthenticationSchemes(PersonAuthentication.SchemeName).RequireAuthenticatedUser());
        services.Configure<RouteHandlerOptions>(static options => options.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(static options =>
        {
            JsonSerializerOptions json = options.SerializerOptions;
            json.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.PropertyNameCaseInsensitive = false;
            json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.AllowDuplicateProperties = false;
            json.NumberHandling = JsonNumberHandling.Strict;
            json.RespectNullableAnnotations = true;
            json.RespectRequiredConstructorParameters = true;
            json.MaxDepth = 16;
            json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
        });
    }

    private static void MapEndpoints(WebApplication app)
    {
        app.UseMiddleware<Problems>();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/health", static (ServiceHealth health) => Results.Json(new { health.Report().Status })).ExcludeFromDescription();
        app.MapOpenApi("/openapi/{documentName}.json");
        RouteGroupBuilder people = app.MapGroup("/api/v1").RequireAuthorization(PersonAuthentication.SchemeName);
        foreach (int status in (int[])[400, 401, 403, 404, 409, 413, 422, 503])
        {
            people.ProducesProblem(status);
        }

        RequestEndpoints.Map(people);
        RepositoryEndpoints.Map(people);
        CeremonyEndpoints.Map(people);
    }

    private async Task TriggerAsync(JobKey job)
    {
        try
        {
            IScheduler scheduler = await _app!.Services.GetRequiredService<ISchedulerFactory>().GetScheduler();
            await scheduler.TriggerJob(job);
        }
        catch (SchedulerException)
        {
            // It is about to stop; what was asked is on disk, and the next start looks at once.
        }
    }
}
