# Tiles as google.monitoring.dashboard.v1 writes them. Nothing is said that Monitoring leaves out when it is asked (zeros,
# nulls, empty lists): Terraform would see a change at every plan.
# Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards
locals {
  tiles = { main = local.main_tiles, deployment = local.deployment_tiles }

  # The series of each tile, each with how it is aggregated.
  lines = { for board, tiles in local.tiles : board => [for tile in tiles : [
    for line in concat(try(tile.lines, []), try([tile.score], []), try([tile.table], []), try([tile.pie], [])) : {
      filter = line.filter
      of     = try(line.of, null)
      legend = try(line.legend, null)
      unit   = try(line.unit, tile.unit)
      aggregation = { for key, value in {
        alignmentPeriod    = "${try(line.seconds, 60)}s"
        perSeriesAligner   = line.aligner
        crossSeriesReducer = line.reducer
        groupByFields      = try(line.by, null)
      } : key => value if value != null }
    }
  ]] }

  queries = { for board, tiles in local.lines : board => [for lines in tiles : [
    for line in lines : { for key, value in {
      unitOverride     = line.unit
      timeSeriesFilter = line.of == null ? { filter = line.filter, aggregation = line.aggregation } : null
      timeSeriesFilterRatio = line.of == null ? null : {
        numerator   = { filter = line.filter, aggregation = line.aggregation }
        denominator = { filter = line.of, aggregation = line.aggregation }
      }
    } : key => value if value != null }
  ]] }

  widgets = { for board, tiles in local.tiles : board => [for number, tile in tiles : { for key, value in {
    title = tile.title
    xyChart = !can(tile.lines) ? null : { for key, value in {
      dataSets = [for index, query in local.queries[board][number] : {
        timeSeriesQuery    = query
        plotType           = try(tile.plot, "LINE")
        targetAxis         = "Y1"
        minAlignmentPeriod = "60s"
        legendTemplate     = local.lines[board][number][index].legend
      }]
      thresholds   = try([for limit in tile.limits : { label = limit.label, value = limit.value, targetAxis = "Y1" }], null)
      yAxis        = { scale = "LINEAR" }
      chartOptions = { mode = "COLOR" }
    } : key => value if value != null }
    scorecard = !can(tile.score) ? null : {
      timeSeriesQuery = local.queries[board][number][0]
      sparkChartView  = { sparkChartType = "SPARK_LINE" }
      thresholds      = tile.limits
    }
    timeSeriesTable = !can(tile.table) ? null : {
      dataSets            = [{ timeSeriesQuery = local.queries[board][number][0], minAlignmentPeriod = "60s" }]
      metricVisualization = "NUMBER"
    }
    pieChart = !can(tile.pie) ? null : {
      chartType = "DONUT"
      dataSets = [{
        timeSeriesQuery   = merge(local.queries[board][number][0], { outputFullDuration = true })
        sliceNameTemplate = local.lines[board][number][0].legend
      }]
      showLabels = true
    }
    logsPanel = can(tile.log) ? { filter = tile.log } : null
  } : key => value if value != null }] }

  dashboards = { for board, tiles in local.tiles : board => {
    columns = 12
    tiles = [for number, tile in tiles : { for key, value in {
      xPos   = tile.at[0]
      yPos   = tile.at[1]
      width  = tile.at[2]
      height = tile.at[3]
      widget = local.widgets[board][number]
    } : key => value if value != 0 }]
  } }
}

resource "google_monitoring_dashboard" "main" {
  project = var.project
  dashboard_json = jsonencode({
    displayName  = "${var.service} (${var.region}): service"
    mosaicLayout = local.dashboards.main
  })
}

resource "google_monitoring_dashboard" "deployment" {
  project = var.project
  dashboard_json = jsonencode({
    displayName  = "${var.service} (${var.region}): deployments"
    mosaicLayout = local.dashboards.deployment
  })
}
