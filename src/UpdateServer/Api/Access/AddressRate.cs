namespace Fota.UpdateServer.Api.Access;

/// <summary>Before everything else about a request: whether its network address may ask now, counted as devices and people are. (The framework's middleware has its costs where no rate is wanted, too: a tenth of what a check-in cost above a bare server's.)</summary>
internal sealed class AddressRate(RequestDelegate next, RateLimits limits)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (await limits.TakesAddressAsync(context))
        {
            await next(context);
        }
    }
}
