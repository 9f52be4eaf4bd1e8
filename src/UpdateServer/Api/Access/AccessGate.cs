using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Microsoft.AspNetCore.Authentication;

namespace Fota.UpdateServer.Api.Access;

/// <summary>
/// Stands before every endpoint and lets through whom the table names. Whoever is nobody here learns nothing of this API, also not what there is of it: what is
/// not there is then answered like what is.
/// </summary>
internal sealed class AccessGate(RequestDelegate next, RateLimits limits)
{
    public async Task InvokeAsync(HttpContext context)
    {
        // What routing itself answers, another method or type of body, is no RouteEndpoint.
        if (context.GetEndpoint() is not RouteEndpoint endpoint)
        {
            if (await MayKnowAsync(context))
            {
                await next(context);
            }
        }
        else if (RowOf(endpoint, context.Request.Method) is not { } row)
        {
            if (await MayKnowAsync(context))
            {
                await Problems.OfStatus(StatusCodes.Status405MethodNotAllowed).ExecuteAsync(context);
            }
        }
        else if (await MayEnterAsync(context, row))
        {
            await next(context);
        }
    }

    /// <summary>
    /// The row of an endpoint that was matched; null for a method that it does not have. Routing matches methods without case, and in HTTP <c>put</c> is another
    /// method than <c>PUT</c> (RFC 9110, section 9.1). An endpoint without any row is a defect, and lets nobody in.
    /// </summary>
    private static AccessRow? RowOf(RouteEndpoint endpoint, string method)
    {
        IReadOnlyList<AccessRow> rows = endpoint.Metadata.GetOrderedMetadata<AccessRow>();
        return rows.Count > 0
            ? rows.FirstOrDefault(row => row.Method == method)
            : throw new InvalidOperationException($"{endpoint.RoutePattern.RawText} was matched, and the table of access does not say for whom");
    }

    private async Task<bool> MayEnterAsync(HttpContext context, AccessRow row)
    {
        switch (row.Audience)
        {
            case Audience.Anyone:
                return true;
            case Audience.Device:
                return await IsDeviceAsync(context, DeviceAuthentication.SchemeName);
            case Audience.RenewingDevice:
                return await IsDeviceAsync(context, DeviceAuthentication.ReenrolmentScheme);
            case Audience.Person:
                return await IsPersonAsync(context) && await HasRoleAsync(context, row);
            default:
                throw new InvalidOperationException($"{row.Method} {row.Pattern} is for nobody");
        }
    }

    private static async Task<bool> HasRoleAsync(HttpContext context, AccessRow row)
    {
        Caller caller = context.Features.Get<Caller>()!;
        if (row.Roles == Role.None)
        {
            return true;
        }

        Caller judged = caller.As(row.Roles);
        if (judged.Grants.Count == 0)
        {
            await Problems.Forbidden($"wanted one of the roles {string.Join(", ", RoleNames.NamesOf(row.Roles))}").ExecuteAsync(context);
            return false;
        }

        if (row.Scope == ScopeRule.Whole && !judged.IsWhole)
        {
            await Problems.OutOfScope("wanted a role over all products and sites").ExecuteAsync(context);
            return false;
        }

        context.Features.Set(judged);
        return true;
    }

    private async Task<bool> IsDeviceAsync(HttpContext context, string scheme) =>
        (DeviceAuthentication.IsKnown(context) || await IsAsync(context, scheme)) && await TakesDeviceAsync(context);

    private async Task<bool> IsPersonAsync(HttpContext context) => await IsAsync(context, OperatorAuthentication.SchemeName) && await TakesPersonAsync(context);

    private Task<bool> TakesDeviceAsync(HttpContext context) => limits.TakesDeviceAsync(context, context.Features.Get<DeviceIdentity>()!.Device.ToString());

    private Task<bool> TakesPersonAsync(HttpContext context)
    {
        Caller caller = context.Features.Get<Caller>()!;
        return limits.TakesPersonAsync(context, $"{caller.Kind} {caller.Credential}");
    }

    private static async Task<bool> IsAsync(HttpContext context, string scheme)
    {
        AuthenticateResult result = await context.AuthenticateAsync(scheme);
        if (!result.Succeeded)
        {
            await context.ChallengeAsync(scheme);
        }

        return result.Succeeded;
    }

    /// <summary>What is under no row: an unknown path, or a path with another method. It counts like every request.</summary>
    private async Task<bool> MayKnowAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        if ((await context.AuthenticateAsync(OperatorAuthentication.SchemeName)).Succeeded)
        {
            return await TakesPersonAsync(context);
        }

        if (DeviceAuthentication.IsKnown(context) || (await context.AuthenticateAsync(DeviceAuthentication.SchemeName)).Succeeded)
        {
            return await TakesDeviceAsync(context);
        }

        await context.ChallengeAsync(OperatorAuthentication.SchemeName);
        return false;
    }
}
